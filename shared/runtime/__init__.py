"""How functions are put together: settings from the environment, adapters, logging, batches."""
