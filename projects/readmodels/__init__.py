"""What pages and the API read: site index, lists, counts, roll-ups. Public unless staff is asked for."""
