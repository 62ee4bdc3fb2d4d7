# Reference numbers for meta-regression, Mantel-Haenszel, Peto, Egger, trim-and-fill and influence, from R's metafor.
#   Rscript tests/reference/make_meta_regression_reference.R     (from the repository root)
suppressMessages({library(metafor); library(jsonlite)})
bcg <- data.frame(tpos = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  tneg = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  cpos = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  cneg = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825),
  latitude = c(44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33), # Colditz 1994, JAMA 271:698
  year = c(1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976),
  allocation = c("random", "random", "random", "random", "alternate", "alternate", "random", "random", "random",
    "systematic", "systematic", "systematic", "systematic"))
stopifnot(all(bcg$latitude == dat.bcg$ablat), all(bcg$year == dat.bcg$year), all(bcg$allocation == dat.bcg$alloc))
e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
y <- round(as.numeric(e$yi), 10); v <- round(as.numeric(e$vi), 10)
score <- function(t, X, reml) {
  w <- 1 / (v + t); XtW <- t(X * w); M <- solve(XtW %*% X); r <- y - X %*% (M %*% (XtW %*% y))
  P2 <- sum(w) - sum(diag(M %*% (t(X * w^2) %*% X)))
  0.5 * (sum(w^2 * r^2) - if (reml) P2 else sum(w))
}
height <- function(t, X, reml) { # log-likelihood without constants: the highest of several maxima is the estimate
  w <- 1 / (v + t); XtWX <- t(X * w) %*% X; r <- y - X %*% solve(XtWX, t(X * w) %*% y)
  -0.5 * (sum(log(v + t)) + sum(w * r^2) + if (reml) as.numeric(determinant(XtWX)$modulus) else 0)
}
highest <- function(X, reml) {
  grid <- c(0, exp(seq(log(1e-8), log(100), length.out = 4000))); best <- which.max(sapply(grid, height, X, reml))
  if (best == 1 && score(0, X, reml) <= 0) return(0)
  uniroot(score, grid[c(max(best - 1, 1), best + 1)], X = X, reml = reml, tol = .Machine$double.eps, maxiter = 1e4)$root
}
qe <- function(t, X) { w <- 1 / (v + t); r <- y - X %*% solve(t(X * w) %*% X, t(X * w) %*% y); sum(w * r^2) }
tau2 <- function(X, method) {
  root <- function(f) if (f(0) <= 0) 0 else uniroot(f, c(0, 100), tol = .Machine$double.eps, maxiter = 1e4)$root
  switch(method, FE = 0, DL = rma(y, v, mods = X[, -1, drop = FALSE], method = "DL")$tau2,
    PM = root(function(t) qe(t, X) - (nrow(X) - ncol(X))), REML = highest(X, TRUE), ML = highest(X, FALSE))
}
fits <- list()
for (mods in c("latitude", "latitude + year", "allocation", "latitude + allocation")) {
  X <- model.matrix(as.formula(paste("~", mods)), bcg)
  for (method in c("REML", "DL", "PM", "ML", "FE")) for (test in c("z", "knha", "adhoc")) {
    if (method == "FE" && test != "z") next
    t2 <- tau2(X, method); null <- tau2(X[, 1, drop = FALSE] , if (method == "DL") "PM" else method)
    if (method == "DL") null <- rma(y, v, method = "DL")$tau2
    f <- if (method == "FE") rma(y, v, mods = X[, -1, drop = FALSE], method = "FE", test = test) else rma(y, v, mods = X[, -1, drop = FALSE], method = method, test = test, tau2 = t2)
    if (method != "FE") { own <- rma(y, v, mods = X[, -1, drop = FALSE], method = method, control = list(threshold = 1e-13, tol = 1e-13, maxiter = 1e5, tau2.max = 1e3))$tau2; if (abs(own - t2) > 1e-7 * (t2 + 1e-3)) cat(mods, method, own, t2, "\n") }
    fits[[length(fits) + 1]] <- list(moderators = strsplit(mods, " [+] ")[[1]], method = method, test = test, terms = colnames(X),
      estimate = as.numeric(f$beta), std_error = f$se, p_value = f$pval, conf_low = f$ci.lb, conf_high = f$ci.ub, tau2 = t2,
      I2 = f$I2, QE = f$QE, QE_p_value = f$QEp, QM = f$QM, QM_p_value = f$QMp, R2 = if (method == "FE") NA else max(0, 100 * (null - t2) / null))
  }
}
counts <- function(d) d[c("tpos", "tneg", "cpos", "cneg")]
sparse <- data.frame(tpos = c(0, 5, 12, 0, 3, 20), tneg = c(20, 25, 18, 15, 0, 40), cpos = c(1, 0, 9, 0, 2, 11), cneg = c(19, 30, 21, 16, 4, 47))
pools <- list()
for (name in c("bcg", "sparse")) { d <- get(name)
  for (m in c("OR", "RR", "RD")) { f <- rma.mh(measure = m, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d)
    pools[[length(pools) + 1]] <- list(data = name, method = "mantel_haenszel", measure = m, estimate = as.numeric(f$beta), std_error = f$se, conf_low = f$ci.lb, conf_high = f$ci.ub, p_value = f$pval) }
  f <- rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d)
  pools[[length(pools) + 1]] <- list(data = name, method = "peto", measure = "OR", estimate = as.numeric(f$beta), std_error = f$se, conf_low = f$ci.lb, conf_high = f$ci.ub, p_value = f$pval)
}
X1 <- matrix(1, 13, 1); t2 <- tau2(X1, "REML"); base <- rma(y, v, method = "REML", control = list(threshold = 1e-14, maxiter = 10000))
stopifnot(abs(base$tau2 - t2) < 1e-9)
egger <- regtest(y, v, model = "lm")
set.seed(5); vb <- round(runif(18, 0.01, 0.4), 4); yb <- round(rnorm(18, 0.2 + 1.6 * sqrt(vb), sqrt(vb)), 4)
biased <- rma(yb, vb, control = list(threshold = 1e-14, maxiter = 10000)); fill <- trimfill(biased, control = list(threshold = 1e-14, maxiter = 10000))
egger_b <- regtest(yb, vb, model = "lm")
fill_fe <- trimfill(rma(yb, vb, method = "FE"))
inf <- influence(base)$inf
write_json(list(made_with = list(script = "tests/reference/make_meta_regression_reference.R", R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  bcg = c(as.list(bcg), list(yi = y, vi = v)), sparse = as.list(sparse), fits = fits, pools = pools,
  egger = list(bcg = list(statistic = egger$zval, df = egger$dfs, p_value = egger$pval), biased = list(statistic = egger_b$zval, df = egger_b$dfs, p_value = egger_b$pval)),
  trim_and_fill = list(yi = yb, vi = vb, REML = list(missing = fill$k0, side = fill$side, estimate = as.numeric(fill$beta), std_error = fill$se, tau2 = fill$tau2),
    FE = list(missing = fill_fe$k0, side = fill_fe$side, estimate = as.numeric(fill_fe$beta), std_error = fill_fe$se)),
  influence = list(rstudent = inf$rstudent, dffits = inf$dffits, cook = inf$cook.d, tau2_without = inf$tau2.del, Q_without = inf$QE.del, hat = inf$hat, weight = inf$weight)),
  "tests/reference/meta_regression.json", digits = NA, auto_unbox = TRUE, na = "null")
