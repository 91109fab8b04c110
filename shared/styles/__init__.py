"""Visual styles: presets, the prompts that are made from them, and the sizes that the models are asked for."""
