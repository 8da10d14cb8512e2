"""Files that platforms and programs take back: views of the gradebook, one small renderer each."""
