"""Hand-ins as an instructor downloads them: folders, archives, the layouts of the platforms."""
