"""Help texts and docstrings are written to be read as they are; here they become reST.

In a docstring |x| is a length and components_ a name, where reST would see substitutions and links;
in the help of a command lines under "Examples:" are commands, and * is a star.
"""

import re

NAME = re.compile(r"(?<![\w`])([A-Za-z]\w*_)(?![\w`{^])")
CODE = re.compile(r"(``.*?``|`[^`]+`)")


def setup(app):
    app.connect("autodoc-process-docstring", docstring, priority=600)  # after numpydoc
    app.connect("sphinx-click-process-description", help_text)
    app.connect("sphinx-click-process-options", help_text)
    app.connect("sphinx-click-process-arguments", help_text)
    app.connect("sphinx-click-process-epilog", epilog)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def docstring(app, what, name, obj, options, lines):
    """Keep bars and final underscores as they are, outside of code."""
    literal = None  # the indentation of the line that ended in ::, while its block lasts
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        if literal is None and not line.lstrip().startswith((">>>", "...", "..", ":", "|", "+")):
            pieces = CODE.split(line)
            pieces[::2] = [NAME.sub(r"``\1``", text.replace("|", r"\|")) for text in pieces[::2]]
            lines[number] = "".join(pieces)
        if literal is None and line.rstrip().endswith("::"):
            literal = indent


def help_text(app, ctx, lines):
    lines[:] = [re.sub(r"(?<!\*)\*(?!\*)", r"\\*", line) for line in lines]


def epilog(app, ctx, lines):
    """Set what follows a line that ends in a colon as code."""
    told = []
    for line in lines:
        text = line.removeprefix("| ").removeprefix("|")
        if text.endswith(":") and line.startswith("|"):
            told += ["", f"{text}:", ""]
        else:
            told.append(f"    {text.strip()}" if line.startswith("|  ") else text)
    lines[:] = told
