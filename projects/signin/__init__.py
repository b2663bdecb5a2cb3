"""Logging in and staying logged in: two steps, lock-out, idle time-out, what was typed meanwhile.

Between the entry points, which show pages and answers, and the actions. After the password alone nobody is
logged in: the session holds who is half-way (`pending`), `request.user` stays anonymous, so whatever asks for
a user refuses by itself.
"""
