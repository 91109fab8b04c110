"""Who makes pictures and clips for money: what all of them have in common, and each of them."""
