# Reference numbers for Peters' test (lm), Baujat, DFBETAS and the rule for influential trials (metafor).
#   Rscript tests/reference/make_diagnostics_reference.R     (from the repository root)
suppressMessages({library(metafor); library(jsonlite)})
bcg <- data.frame(tpos = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  tneg = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  cpos = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  cneg = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825)) # Colditz 1994, JAMA 271:698
e <- escalc("OR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
y <- round(as.numeric(e$yi), 10); v <- round(as.numeric(e$vi), 10)
total <- rowSums(bcg); events <- bcg$tpos + bcg$cpos
peters <- summary(lm(y ~ I(1 / total), weights = 1 / (1 / events + 1 / (total - events))))$coefficients[2, ]
one <- function(yi, vi) {
  f <- rma(yi, vi, control = list(threshold = 1e-14, maxiter = 10000)); i <- influence(f); png("/dev/null"); b <- baujat(f)
  list(yi = yi, vi = vi, dfbetas = i$dfbs[[1]], influential = i$is.infl, heterogeneity = b$x, influence = b$y)
}
set.seed(3); vi <- round(runif(10, .02, .2), 4); yi <- round(rnorm(10, .5, sqrt(vi + .02)), 4); yi[4] <- 2.9; vi[4] <- 0.02
write_json(list(made_with = list(script = "tests/reference/make_diagnostics_reference.R", R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  bcg = c(as.list(bcg), list(yi = y, vi = v)), peters = list(estimate = peters[[1]], std_error = peters[[2]], statistic = peters[[3]], p_value = peters[[4]], df = 11),
  influence = list(bcg = one(y, v), odd_one = one(yi, vi))), "tests/reference/diagnostics.json", digits = NA, auto_unbox = TRUE, na = "null")
