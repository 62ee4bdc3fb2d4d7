"""Notebooks and data to pages; the command line.

Takes the notebooks and, on request, a dataset; gives `results/index.html` and its figures and tables.
Read: `cli`, `report` and `run_dataset` (what runs), `parameters`, `pages` and `page_body` (what is written),
`check_report`.
"""
