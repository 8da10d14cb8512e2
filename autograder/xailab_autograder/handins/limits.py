"""How much of a download is read at most. What is above a limit becomes an error or a note, never a full disk."""

from xailab_autograder.notebooks.submission import MOST_BYTES

MOST_ENTRIES = 500_000  # names in a whole download
MOST_OF_ONE = 2_000  # names in one student's folder: there are some who hand in their Python, too
MOST_MEMBERS = 20_000  # names in one student's archive
ENTRY_BYTES = 160  # of an archive's table of contents, on average
MOST_FILE = MOST_BYTES  # of a notebook
MOST_ZIP = 256 * 2**20  # of a student's archive
MOST_TOTAL = 512 * 2**20  # what is unpacked from one student's archive
MOST_RATIO = 400  # an archive's member may become this many times larger...
FREE_BYTES = 2**20  # ... beyond this size
MOST_NAME = 4096  # characters of a name with its folders
MOST_DEPTH = 32  # folders in folders
MOST_METADATA = 64 * 2**20  # bytes of a platform's own file
MOST_STAMP = 4096  # bytes of a file that holds nothing but a time
MOST_LOOKED_AT = 50  # files of one student that are opened to find the one that counts
MOST_NOTES = 20  # about one folder or archive
