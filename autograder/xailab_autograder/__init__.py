"""The autograder of xailab: judges student code in a separate process. So far it owns only the command line."""
