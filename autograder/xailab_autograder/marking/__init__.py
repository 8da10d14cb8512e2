"""Marks and comments by people, on a local page that writes to the gradebook.

- ``pile``       the answers to one question, in an order of the marker's own, and what each still needs
- ``answering``  what a student wrote for a task: a text, or the cells with the code
- ``judged``     what the judge said, in short
- ``forms``      what a marker typed, checked
- ``desk``       the gradebook behind the pages: read a moment ago, written one mark at a time, with a way back
- ``guarding``   who may ask: this machine, with the token, from these pages
- ``rendering``  templates, style and script as one page
- ``pages``      the pages
- ``app``        all of it as a Flask application
- ``serve``      the application on this machine, until Ctrl-C
"""
