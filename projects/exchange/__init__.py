"""Files in and out: spreadsheets, vector files, open data."""
