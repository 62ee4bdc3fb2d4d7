"""Notebooks and data to pages; the command line.

Takes the notebooks and, on request, a dataset; gives a folder with `index.html`, its figures and tables, whole or not
at all.
Read: `cli`, `report` and `run_dataset` (what runs), `parameters`, `pages` and `page_body` (what is written),
`manifest` and `places` (how it says what it was made of, and not where), `whole_folder` and `children` (what holds
when a run is killed), `check_report`.
"""
