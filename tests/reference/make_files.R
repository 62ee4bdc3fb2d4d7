# The table of tests/test_formats.py in the formats that only R and SAS write: Rscript make_files.R
# R 4.3, haven 2.5.4 (its write_sas is the one free writer of sas7bdat).
d <- data.frame(subject = c("S1", "S1", "S2", "S2"), arm = c("ketamine", "ketamine", "midazolam", "midazolam"),
                hours = c(0, 24, 0, 24), score = c(30, 12, 31, NA), age = c(44, 44, 51, 51))
suppressWarnings(haven::write_sas(d, "files/trial.sas7bdat"))
saveRDS(transform(d, arm = factor(arm)), "files/trial.rds")
other <- 1:3
save(d, other, file = "files/trial.rda")
# SAS special missings .A and .Z beside an ordinary one
suppressMessages(library(haven))
s <- data.frame(id = 1:4, score = c(30, tagged_na("A"), tagged_na("Z"), NA))
suppressWarnings(write_sas(s, "files/special.sas7bdat"))
write_xpt(s, "files/special.xpt", version = 5)
