# Reference numbers for pooling, from R's metafor. Run from the repository root:
#   Rscript tests/reference/make_meta_analysis_reference.R
# tau^2 is polished by uniroot on the estimating equation, because metafor's default stops near the fifth digit.
suppressMessages({library(metafor); library(jsonlite)})
tight <- list(threshold = 1e-13, tol = 1e-13, maxiter = 20000, stepadj = 1, tau2.max = 1e4)

# 13 trials of BCG vaccine against tuberculosis (Colditz 1994, JAMA 271:698): cases and non-cases, vaccinated and control
bcg <- data.frame(
  study = c("Aronson 1948", "Ferguson & Simes 1949", "Rosenthal 1960", "Hart & Sutherland 1977",
    "Frimodt-Moller 1973", "Stein & Aronson 1953", "Vandiviere 1973", "TPT Madras 1980", "Coetzee & Berjak 1968",
    "Rosenthal 1961", "Comstock 1974", "Comstock & Webster 1969", "Comstock 1976"),
  tpos = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  tneg = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  cpos = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  cneg = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825))
stopifnot(all(bcg[, -1] == dat.bcg[, c("tpos", "tneg", "cpos", "cneg")]))
sparse <- data.frame(tpos = c(0, 5, 12, 0, 3, 20), tneg = c(20, 25, 18, 15, 0, 40),
  cpos = c(1, 0, 9, 0, 2, 11), cneg = c(19, 30, 21, 16, 4, 47))

counts <- function(d, measure, ...) {
  e <- escalc(measure = measure, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, add = 1/2, to = "only0", ...)
  list(measure = measure, counts = as.list(d[c("tpos", "tneg", "cpos", "cneg")]), yi = as.numeric(e$yi), vi = as.numeric(e$vi))
}
plain <- function(yi, vi) list(measure = "GEN", yi = yi, vi = vi)
set.seed(20); mu <- rnorm(20, -0.3, 0.35); vi20 <- round(runif(20, 0.02, 0.25), 4)
yi20 <- round(rnorm(20, mu, sqrt(vi20)), 4)
near <- NULL
for (seed in 1:5000) { # DL says zero, REML does not
  set.seed(seed); v <- round(runif(8, 0.01, 0.4), 4); y <- round(rnorm(8, 0, sqrt(v)), 4)
  if (rma(y, v, method = "DL")$tau2 == 0 && tryCatch(rma(y, v)$tau2 > 0.005, error = function(e) FALSE)) { near <- list(y, v); break }
}
cases <- list(
  bcg_log_odds_ratio = counts(bcg, "OR"), bcg_log_risk_ratio = counts(bcg, "RR"), bcg_risk_difference = counts(bcg, "RD"),
  four_identical = plain(rep(-0.5, 4), rep(0.04, 4)), two_studies = plain(c(0.1, 0.9), c(0.05, 0.10)),
  two_homogeneous = plain(c(0.30, 0.35), c(0.05, 0.10)), one_study = plain(0.4, 0.09),
  heterogeneous_large = plain(yi20, vi20), nearly_homogeneous = plain(near[[1]], near[[2]]),
  sparse_log_odds_ratio = counts(sparse, "OR"), sparse_log_risk_ratio = counts(sparse, "RR"))

restricted <- function(t, y, v, reml) { # log-likelihood without constants
  w <- 1 / (v + t); m <- sum(w * y) / sum(w)
  -0.5 * (sum(log(v + t)) + sum(w * (y - m)^2) + if (reml) log(sum(w)) else 0)
}
score <- function(t, y, v, reml) {
  w <- 1 / (v + t); m <- sum(w * y) / sum(w)
  0.5 * (sum(w^2 * (y - m)^2) - sum(w) + if (reml) sum(w^2) / sum(w) else 0)
}
polished <- function(y, v, method) {
  if (length(y) == 1) return(NA)
  k <- length(y); top <- 100 * (diff(range(y))^2 + max(v))
  q <- function(t) { w <- 1 / (v + t); m <- sum(w * y) / sum(w); sum(w * (y - m)^2) - (k - 1) }
  root <- function(f, a, b) uniroot(f, c(a, b), tol = .Machine$double.eps, maxiter = 10000)$root
  if (method == "FE") return(0)
  if (method == "DL") return(rma(y, v, method = "DL")$tau2)
  if (method %in% c("PM", "EB")) return(if (q(0) <= 0) 0 else root(q, 0, top))
  reml <- method == "REML"; grid <- c(0, exp(seq(log(1e-8), log(top), length.out = 4000)))
  best <- which.max(sapply(grid, restricted, y, v, reml))
  if (best == 1 && score(0, y, v, reml) <= 0) return(0)
  root(function(t) score(t, y, v, reml), grid[max(best - 1, 1)], grid[best + 1])
}
fits <- list(); profile <- list()
for (name in names(cases)) {
  y <- cases[[name]]$yi; v <- cases[[name]]$vi
  for (method in c("REML", "DL", "PM", "ML", "EB", "FE")) {
    tau2 <- polished(y, v, method)
    for (test in c("z", "knha", "adhoc")) {
      if (method == "FE" && test != "z") next
      if (length(y) == 1 && test != "z") next
      fit <- if (method == "FE" || length(y) == 1) rma(y, v, method = "FE", test = test) else
        rma(y, v, method = method, test = test, tau2 = tau2)
      own <- if (method %in% c("FE") || length(y) == 1) NA else
        tryCatch(rma(y, v, method = method, control = tight)$tau2, error = function(e) NA)
      if (!is.na(own)) stopifnot(abs(own - tau2) < 1e-6 * (tau2 + 1e-3)) # metafor's own optimum is the same one
      p <- predict(fit)
      fits[[length(fits) + 1]] <- list(case = name, method = method, test = test, k = fit$k, estimate = as.numeric(fit$beta),
        std_error = fit$se, df = if (test == "z") NA else fit$ddf, statistic = fit$zval, p_value = fit$pval,
        conf_low = fit$ci.lb, conf_high = fit$ci.ub, tau2 = if (length(y) == 1) NA else fit$tau2, I2 = fit$I2, Q = fit$QE,
        Q_p_value = fit$QEp, loglik = if (method %in% c("REML", "ML") && length(y) > 1) as.numeric(logLik(fit, REML = method == "REML")) else NA,
        prediction_low = if (is.null(p$pi.lb)) NA else p$pi.lb, prediction_high = if (is.null(p$pi.ub)) NA else p$pi.ub)
    }
  }
  if (length(y) > 1) {
    k <- length(y); top <- 1e5
    q <- function(t, target) { w <- 1 / (v + t); m <- sum(w * y) / sum(w); sum(w * (y - m)^2) - target }
    one <- function(p) { target <- qchisq(p, k - 1); if (q(0, target) <= 0) 0 else uniroot(q, c(0, top), target = target, tol = .Machine$double.eps, maxiter = 10000)$root }
    theirs <- tryCatch(suppressWarnings(suppressMessages(confint(rma(y, v, method = "DL"), control = list(tol = 1e-12, tau2.max = 1e5)))$random["tau^2", 2:3]), error = function(e) c(NA, NA))
    mine <- c(one(0.975), one(0.025))
    if (all(is.finite(theirs))) stopifnot(max(abs(theirs - mine)) < 1e-6 * (1 + max(mine)))
    profile[[name]] <- list(tau2_low = mine[1], tau2_high = mine[2])
  }
}
b <- cases$bcg_log_odds_ratio; left <- list()
for (i in 1:13) {
  fit <- rma(b$yi[-i], b$vi[-i], test = "adhoc", tau2 = polished(b$yi[-i], b$vi[-i], "REML"))
  left[[i]] <- list(estimate = as.numeric(fit$beta), std_error = fit$se, conf_low = fit$ci.lb, conf_high = fit$ci.ub, tau2 = fit$tau2)
}
means <- data.frame(m1 = c(-15, -10, -8.2, -20, -3, -12), sd1 = c(9, 7.5, 6.1, 10, 4, 11), n1 = c(30, 12, 4, 115, 9, 60),
  m2 = c(-8, -9, -9.5, -13, 1, -12), sd2 = c(8, 7, 5.0, 11, 3, 12), n2 = c(28, 13, 5, 110, 8, 58))
smd <- escalc("SMD", m1i = m1, sd1i = sd1, n1i = n1, m2i = m2, sd2i = sd2, n2i = n2, data = means, vtype = "LS")
md <- escalc("MD", m1i = m1, sd1i = sd1, n1i = n1, m2i = m2, sd2i = sd2, n2i = n2, data = means)
rd <- escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = sparse, add = 0, to = "none")
write_json(list(
  made_with = list(script = "tests/reference/make_meta_analysis_reference.R", R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  cases = cases, fits = fits, q_profile = profile, leave_one_out = left,
  means = list(summaries = as.list(means), smd = list(yi = as.numeric(smd$yi), vi = as.numeric(smd$vi)), md = list(yi = as.numeric(md$yi), vi = as.numeric(md$vi))),
  sparse_risk_difference = list(yi = as.numeric(rd$yi), vi = as.numeric(rd$vi))),
  "tests/reference/meta_analysis.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
