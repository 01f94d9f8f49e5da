"""Those who take the same step in benchmarks/several_rows.py: mtlc, TorchJD, and a loop by hand."""
