"""The measurements behind docs/benchmarks.md: script/bench runs them, the test suite only their smoke test."""
