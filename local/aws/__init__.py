"""AWS on one machine: MiniStack as a child process, the SAM template deployed as it is, its data kept between runs."""
