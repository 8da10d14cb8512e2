"""Hand-ins as an instructor downloads them: folders, archives, the layouts of the platforms.

- ``entries``   what lies in a folder or an archive: names, sizes; no contents
- ``limits``    how much of it is read at most
- ``folders``   a folder, without following links
- ``extract``   a zip archive, none of whose words is believed
- ``layouts``   names -> whose file, handed in when
- ``fitting``   how much a file looks like a lab
- ``choose``    of the files of one student, the one that counts
- ``collect``   all of this: a download -> one hand-in for each student
"""
