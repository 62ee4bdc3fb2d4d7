# Reference numbers for pooling, from R's metafor. Run from the repository root:
#   Rscript tests/reference/make_meta_analysis_reference.R
# tau^2 is found by uniroot on the estimating equation and handed to rma(tau2 = ), because metafor's Fisher scoring
# stops when tau^2 moves by less than 1e-5 (and, where the optimum is 0, halves its step towards 0 without reaching it).
# For REML and ML the best point of a grid is polished on the score, so a lesser local maximum cannot be taken; the
# remaining Newton step is checked below. PM and EB have the same estimating equation, Q(tau^2) = k - 1.
suppressMessages({library(metafor); library(jsonlite)})
tight <- list(threshold = 1e-13, tol = 1e-15, maxiter = 20000, tau2.max = 1e4)
eps <- .Machine$double.eps

# ---- cases --------------------------------------------------------------------------------------------------------
# 13 trials of BCG vaccine against tuberculosis (Colditz 1994, JAMA 271:698): cases and non-cases, vaccinated and control
bcg <- data.frame(
  study = c("Aronson 1948", "Ferguson & Simes 1949", "Rosenthal 1960", "Hart & Sutherland 1977",
    "Frimodt-Moller 1973", "Stein & Aronson 1953", "Vandiviere 1973", "TPT Madras 1980", "Coetzee & Berjak 1968",
    "Rosenthal 1961", "Comstock 1974", "Comstock & Webster 1969", "Comstock 1976"),
  tpos = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27),
  tneg = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  cpos = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29),
  cneg = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825))
stopifnot(all(bcg[, -1] == dat.bcg[, c("tpos", "tneg", "cpos", "cneg")])) # the retyped counts against metafor's copy
# made up: several zero cells, a double zero (4th) and an arm in which everyone has the event (5th)
sparse <- data.frame(tpos = c(0, 5, 12, 0, 3, 20), tneg = c(20, 25, 18, 15, 0, 40),
  cpos = c(1, 0, 9, 0, 2, 11), cneg = c(19, 30, 21, 16, 4, 47))

# yi and vi are rounded to the 15 digits that the file holds BEFORE they are pooled: the fits belong to the file's numbers
counts <- function(d, measure, ...) {
  e <- escalc(measure = measure, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, add = 1/2, to = "only0", ...)
  list(measure = measure, counts = as.list(d[c("tpos", "tneg", "cpos", "cneg")]),
    yi = signif(as.numeric(e$yi), 15), vi = signif(as.numeric(e$vi), 15))
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
  sparse_log_odds_ratio = counts(sparse, "OR"), sparse_log_risk_ratio = counts(sparse, "RR"),
  sparse_risk_difference = counts(sparse, "RD"),
  sparse_log_odds_ratio_drop00 = counts(sparse, "OR", drop00 = TRUE), # the double zero has no yi and no vi (null)
  sparse_log_risk_ratio_drop00 = counts(sparse, "RR", drop00 = TRUE),
  sparse_risk_difference_drop00 = counts(sparse, "RD", drop00 = TRUE))
for (name in names(cases)) cases[[name]] <- c(list(name = name), cases[[name]])

# ---- tau^2 --------------------------------------------------------------------------------------------------------
restricted <- function(t, y, v, reml) { # log-likelihood without constants
  w <- 1 / (v + t); m <- sum(w * y) / sum(w)
  -0.5 * (sum(log(v + t)) + sum(w * (y - m)^2) + if (reml) log(sum(w)) else 0)
}
score <- function(t, y, v, reml) {
  w <- 1 / (v + t); m <- sum(w * y) / sum(w)
  0.5 * (sum(w^2 * (y - m)^2) - sum(w) + if (reml) sum(w^2) / sum(w) else 0)
}
Q <- function(t, y, v) { w <- 1 / (v + t); m <- sum(w * y) / sum(w); sum(w * (y - m)^2) }
root <- function(f, a, b) uniroot(f, c(a, b), tol = eps^1.5, maxiter = 10000)$root
grid_of <- function(y, v) { top <- 100 * (diff(range(y))^2 + max(v)); c(0, exp(seq(log(1e-8 * min(v)), log(top), length.out = 4000))) }
polished <- function(y, v, method) {
  k <- length(y)
  if (k == 1) return(NA)
  if (method == "FE") return(0)
  if (method == "DL") return(rma(y, v, method = "DL")$tau2) # closed form
  grid <- grid_of(y, v)
  if (method %in% c("PM", "EB")) return(if (Q(0, y, v) <= k - 1) 0 else root(function(t) Q(t, y, v) - (k - 1), 0, max(grid)))
  reml <- method == "REML"
  best <- which.max(sapply(grid, restricted, y, v, reml))
  if (best == 1 && score(0, y, v, reml) <= 0) return(0)
  t <- root(function(t) score(t, y, v, reml), grid[max(best - 1, 1)], grid[best + 1])
  w <- 1 / (v + t); slope <- if (reml) sum(w^2) - 2 * sum(w^3) / sum(w) + (sum(w^2) / sum(w))^2 else sum(w^2)
  stopifnot(abs(score(t, y, v, reml) / (0.5 * slope)) < 1e-12 * t) # the Fisher step that is left
  t
}
local_maxima <- function(y, v, reml) { # of the likelihood over tau^2 >= 0, on the grid
  s <- sapply(grid_of(y, v), score, y, v, reml); s[length(s)] <- -1
  sum(s[-length(s)] > 0 & s[-1] <= 0) + (s[1] <= 0)
}
used <- function(case) { keep <- !is.na(case$yi); list(y = case$yi[keep], v = case$vi[keep]) }

# ---- fits, Q-profile ----------------------------------------------------------------------------------------------
# One trial: metafor itself turns every method into FE and every test into "z" (tau^2 = 0, I^2 = 0, H^2 = 1, Q = 0,
# Q_p = 1, no prediction interval). Only "z" is recorded; tau2 is null, because one trial says nothing about it.
# "tau2_metafor" is rma's own tau^2 at its default tolerance, to show how far that stands from tau2.
inference <- c(z = "wald", knha = "hksj", adhoc = "hksj_modified")
fits <- list(); fits_drop00 <- list(); profile <- list(); theirs_all <- list(); null_sets <- character()
for (name in names(cases)) {
  d <- used(cases[[name]]); y <- d$y; v <- d$v; k <- length(y); drop00 <- grepl("drop00", name)
  for (method in c("REML", "DL", "PM", "ML", "EB", "FE")) {
    tau2 <- polished(y, v, method); likelihood <- method %in% c("REML", "ML") && k > 1
    own <- if (method == "FE" || k == 1) NA else
      tryCatch(suppressWarnings(rma(y, v, method = method)$tau2), error = function(e) NA)
    own_tight <- if (is.na(own)) NA else tryCatch(suppressWarnings(rma(y, v, method = method, control = tight)$tau2), error = function(e) NA)
    if (!is.na(own_tight)) stopifnot(abs(own_tight - tau2) < 1e-9 * tau2 + 1e-9) # metafor's own optimum is the same one
    maxima <- if (likelihood) local_maxima(y, v, method == "REML") else NA
    for (test in names(inference)) {
      if ((method == "FE" || k == 1) && test != "z") next
      fit <- if (method == "FE" || k == 1) rma(y, v, method = "FE", test = test) else
        rma(y, v, method = method, test = test, tau2 = tau2)
      p <- predict(fit)
      one <- list(case = name, method = method, test = test, inference = inference[[test]], k = fit$k,
        estimate = as.numeric(fit$beta), std_error = fit$se, df = if (test == "z") NA else fit$ddf,
        statistic = fit$zval, p_value = fit$pval, conf_low = fit$ci.lb, conf_high = fit$ci.ub,
        tau2 = if (k == 1) NA else fit$tau2, tau2_metafor = own, I2 = fit$I2, H2 = fit$H2, Q = fit$QE, Q_p_value = fit$QEp,
        loglik = if (likelihood) as.numeric(logLik(fit, REML = method == "REML")) else NA, local_maxima = maxima,
        prediction_low = if (is.null(p$pi.lb)) NA else p$pi.lb, prediction_high = if (is.null(p$pi.ub)) NA else p$pi.ub)
      if (drop00) fits_drop00[[length(fits_drop00) + 1]] <- one else fits[[length(fits) + 1]] <- one
    }
  }
  if (k == 1) next
  # the roots of Q(tau^2) = chi^2 quantiles, polished; metafor's confint() is held against them and recorded as it is
  w <- 1 / v; typical <- (k - 1) / (sum(w) - sum(w^2) / sum(w))
  end <- function(p) { target <- qchisq(p, k - 1); if (Q(0, y, v) <= target) 0 else root(function(t) Q(t, y, v) - target, 0, 1e6) }
  mine <- c(end(0.975), end(0.025)); null_set <- Q(0, y, v) < qchisq(0.025, k - 1)
  if (null_set) null_sets <- c(null_sets, name)
  if (!drop00) profile[[name]] <- list(tau2_low = mine[1], tau2_high = mine[2],
    I2_low = 100 * mine[1] / (mine[1] + typical), I2_high = 100 * mine[2] / (mine[2] + typical))
  for (method in c("REML", "DL")) {
    fit <- suppressWarnings(rma(y, v, method = method, control = list(maxiter = 20000)))
    ci <- suppressMessages(confint(fit, type = "QP", level = 95, control = list(tol = 1e-15, maxiter = 10000, tau2.max = 1e6)))
    r <- ci$random
    stopifnot(max(abs(r["tau^2", 2:3] - mine)) < 1e-10 * (1 + max(mine)), ci$ci.null == null_set)
    theirs_all[[length(theirs_all) + 1]] <- list(case = name, method = method, level = 0.95, null_set = ci$ci.null,
      tau2_low = r["tau^2", 2], tau2_high = r["tau^2", 3], I2_low = r["I^2(%)", 2], I2_high = r["I^2(%)", 3])
  }
}

# ---- leave-one-out: leave1out() passes the control on, but not a tau^2 of its own for each subset, hence the loop -----
b <- cases$bcg_log_odds_ratio; left <- list()
for (i in 1:13) {
  fit <- rma(b$yi[-i], b$vi[-i], test = "adhoc", tau2 = polished(b$yi[-i], b$vi[-i], "REML"))
  left[[i]] <- list(left_out = i - 1, estimate = as.numeric(fit$beta), std_error = fit$se, statistic = fit$zval, p_value = fit$pval,
    conf_low = fit$ci.lb, conf_high = fit$ci.ub, tau2 = fit$tau2, I2 = fit$I2, H2 = fit$H2, Q = fit$QE, Q_p_value = fit$QEp)
}
theirs <- leave1out(rma(b$yi, b$vi, test = "adhoc", control = tight))
for (pair in list(c("estimate", "estimate"), c("std_error", "se"), c("tau2", "tau2"), c("conf_low", "ci.lb")))
  stopifnot(max(abs(sapply(left, `[[`, pair[1]) - theirs[[pair[2]]])) < 1e-9)

# ---- means --------------------------------------------------------------------------------------------------------
means <- data.frame(m1 = c(-15, -10, -8.2, -20, -3, -12), sd1 = c(9, 7.5, 6.1, 10, 4, 11), n1 = c(30, 12, 4, 115, 9, 60),
  m2 = c(-8, -9, -9.5, -13, 1, -12), sd2 = c(8, 7, 5.0, 11, 3, 12), n2 = c(28, 13, 5, 110, 8, 58))
smd <- escalc("SMD", m1i = m1, sd1i = sd1, n1i = n1, m2i = m2, sd2i = sd2, n2i = n2, data = means, vtype = "LS")
md <- escalc("MD", m1i = m1, sd1i = sd1, n1i = n1, m2i = m2, sd2i = sd2, n2i = n2, data = means)
rd <- escalc("RD", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = sparse, add = 0, to = "none")

# ---- two contrasts that share a control -----------------------------------------------------------------------------
# By the explicit formulas (Gleser & Olkin 2009, in Cooper, Hedges & Valentine). vcalc() of metafor 3.8 has no formula by
# measure: with grp1/grp2/w1/w2 it makes a correlation out of the group sizes alone, so it is recorded only to be told apart.
# OR, RR, RD, MD are held against the identity var(a-c) + var(b-c) - var(a-b) = 2 cov(a-c, b-c) in escalc's variances.
arms <- list(a = list(events = 20, n = 40, mean = -14, sd = 8.5), b = list(events = 15, n = 42, mean = -11, sd = 9),
  control = list(events = 8, n = 38, mean = -7, sd = 8))
contrast <- function(measure, one, two) {
  e <- if (measure %in% c("OR", "RR", "RD")) escalc(measure, ai = one$events, n1i = one$n, ci = two$events, n2i = two$n) else
    escalc(measure, m1i = one$mean, sd1i = one$sd, n1i = one$n, m2i = two$mean, sd2i = two$sd, n2i = two$n, vtype = "LS")
  list(yi = as.numeric(e$yi), vi = as.numeric(e$vi))
}
shared <- list()
for (measure in c("OR", "RR", "RD", "MD", "SMD")) {
  a <- contrast(measure, arms$a, arms$control); b <- contrast(measure, arms$b, arms$control); ab <- contrast(measure, arms$a, arms$b)
  e <- arms$control$events; n <- arms$control$n; p <- e / n; total <- arms$a$n + arms$b$n + n
  covariance <- switch(measure, OR = 1 / e + 1 / (n - e), RR = 1 / e - 1 / n, RD = p * (1 - p) / n, MD = arms$control$sd^2 / n,
    SMD = 1 / n + a$yi * b$yi / (2 * total)) # total: of all three arms; each g keeps the pooled SD of its own two arms
  if (measure != "SMD") stopifnot(abs(a$vi + b$vi - ab$vi - 2 * covariance) < 1e-12 * covariance)
  d <- data.frame(v = c(a$vi, b$vi), one = c("a", "b"), two = "c", n1 = c(arms$a$n, arms$b$n), n2 = n)
  v <- vcalc(v, cluster = rep(1, 2), obs = 1:2, grp1 = one, grp2 = two, w1 = n1, w2 = n2, rho = 1, data = d)
  shared[[measure]] <- list(measure = measure, yi = c(a$yi, b$yi), vi = c(a$vi, b$vi), covariance = covariance,
    made_by = "explicit formula", vcalc_from_sizes_only = v[1, 2])
}

write_json(list(
  made_with = list(script = "tests/reference/make_meta_analysis_reference.R", R = R.version.string,
    metafor = as.character(packageVersion("metafor")), date = format(Sys.Date())),
  cases = cases, fits = fits, fits_drop00 = fits_drop00, q_profile = profile, q_profile_null_sets = as.list(null_sets),
  q_profile_metafor = theirs_all, leave_one_out = left,
  means = list(summaries = as.list(means), smd = list(yi = as.numeric(smd$yi), vi = as.numeric(smd$vi)), md = list(yi = as.numeric(md$yi), vi = as.numeric(md$vi))),
  shared_control = list(arms = arms, contrasts = shared),
  sparse_risk_difference = list(yi = as.numeric(rd$yi), vi = as.numeric(rd$vi))), # with nothing added: the double zero has vi = 0
  "tests/reference/meta_analysis.json", digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
