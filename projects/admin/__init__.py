"""The staff's side. Every ModelAdmin is a ScopedAdmin; every write is an action; rows come by scope alone."""
