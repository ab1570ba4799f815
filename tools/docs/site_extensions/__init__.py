"""What Sphinx needs beside its own to make the site of visnmf."""
