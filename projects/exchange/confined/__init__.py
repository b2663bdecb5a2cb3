"""Reading a file that nobody vouches for, in a process of its own: no Django in here."""
