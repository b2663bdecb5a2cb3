"""Every write: keyword-only, atomic; takes the actor's Access, checks it first, writes the audit entry."""
