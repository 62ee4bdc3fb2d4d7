# Reference numbers for means and standard deviations from five-number summaries, from the published formulas (this
# machine's metafor 3.8-1 is older than conv.fivenum, whose defaults are the same but for the five-number sd).
#   Rscript tests/reference/make_reported_numbers_reference.R     (from the repository root)
suppressMessages(library(jsonlite))
cases <- data.frame(n = c(25, 50, 120, 9, 300), min = c(2, 0, 1, 5, 0), q1 = c(8, 7, 11, 9, 14), median = c(12, 13, 15, 12, 20), q3 = c(17, 16, 22, 15, 27), max = c(30, 25, 41, 20, 52))
xi <- with(cases, 2 * qnorm((n - 0.375) / (n + 0.25)))             # Wan 2014, table 1
eta <- with(cases, 2 * qnorm((0.75 * n - 0.125) / (n + 0.25)))     # Wan 2014, table 2
range <- with(cases, list(mean = 4 / (4 + n^0.75) * (min + max) / 2 + n^0.75 / (4 + n^0.75) * median, sd = (max - min) / xi)) # Luo (7), Wan (9)
quartiles <- with(cases, list(mean = (0.7 + 0.39 / n) * (q1 + q3) / 2 + (0.3 - 0.39 / n) * median, sd = (q3 - q1) / eta))     # Luo (11), Wan (16)
w1 <- with(cases, 2.2 / (2.2 + n^0.75)); w2 <- with(cases, 0.7 - 0.72 / n^0.55)
both <- with(cases, list(mean = w1 * (min + max) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * median, sd = 0.5 * ((max - min) / xi + (q3 - q1) / eta))) # Luo (15), Wan (12)
set.seed(1); x <- round(rnorm(31, -11, 8), 1); y <- round(rnorm(28, -7, 8), 1)
one <- t.test(x); two <- t.test(x, y, var.equal = TRUE)
write_json(list(made_with = list(script = "tests/reference/make_reported_numbers_reference.R", R = R.version.string), cases = as.list(cases), range = range, quartiles = quartiles, both = both,
  trial = list(n = 31, control_n = 28, sd = sd(x), std_error = unname(one$stderr), conf_low = one$conf.int[1], conf_high = one$conf.int[2], difference = mean(x) - mean(y),
    t = unname(two$statistic), p = two$p.value, p_one_sided = t.test(x, y, var.equal = TRUE, alternative = "less")$p.value, pooled_sd = sqrt((30 * var(x) + 27 * var(y)) / 57))),
  "tests/reference/reported_numbers.json", digits = NA, auto_unbox = TRUE)
