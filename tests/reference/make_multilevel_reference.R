# Reference numbers for several effects per trial in one model, from R's metafor (rma.mv).
#   Rscript tests/reference/make_multilevel_reference.R     (from the repository root)
# Two simulated tables, printed as they are fitted: `times` (as dat.ishak2007: trials looked at up to four times,
# counts of the same patients, one control arm) and `arms` (two or three classes against one control at one time).
# metafor's optimiser stops early by default: nlminb and BFGS are both run with tight tolerances and the higher
# likelihood is kept. The seed is one whose maxima lie inside the parameter space (at its edge metafor allows rho = -1).
suppressMessages({library(metafor); library(jsonlite)})
set.seed(23); RNGkind("Mersenne-Twister", "Inversion", "Rejection")
hours <- c(24, 168, 336, 672)
times <- do.call(rbind, lapply(1:16, function(i) {
  at <- sort(sample(hours, sample(c(1, 2, 3, 4), 1, prob = c(.15, .25, .3, .3))))
  n <- sample(50:180, 1); m <- sample(50:180, 1); size <- 0.9 + 0.8 * as.numeric(arima.sim(list(ar = 0.75), length(at)))
  p0 <- plogis(-1 + 0.15 * log(at / 24) + rnorm(1, 0, .3)); p1 <- plogis(qlogis(p0) + size - 0.1 * log(at / 24))
  data.frame(study = paste0("t", i), arm = "drug", control_arm = "placebo", hours = at, n = n,
    events = pmin(pmax(rbinom(length(at), n, p1), 1), n - 1), control_n = m, control_events = pmin(pmax(rbinom(length(at), m, p0), 1), m - 1),
    masked = i %% 2)
}))
arms <- do.call(rbind, lapply(1:14, function(i) {
  a <- sample(c("esketamine", "ketamine", "ssri"), sample(1:3, 1, prob = c(.2, .5, .3))); m <- sample(60:200, 1); size <- rnorm(1, .7, .7)
  p0 <- plogis(rnorm(1, -.8, .3)); n <- sample(60:200, length(a), replace = TRUE)
  data.frame(study = paste0("t", i), arm = a, control_arm = "placebo", hours = 24, n = n,
    events = pmin(pmax(rbinom(length(a), n, plogis(qlogis(p0) + size + rnorm(length(a), 0, .4))), 1), n - 1), control_n = m,
    control_events = pmin(pmax(rbinom(1, m, p0), 1), m - 1), masked = i %% 2)
}))
effect <- function(d) { # log odds ratios rounded, so that both programs pool the same numbers
  within(d, { active_variance <- round(1 / events + 1 / (n - events), 10); control_variance <- round(1 / control_events + 1 / (control_n - control_events), 10)
    estimate <- round(log(events / (n - events)) - log(control_events / (control_n - control_events)), 10); weeks <- hours / 168; row <- seq_along(n) })
}
sampling <- function(d, rho) { # DESIGN §5: each arm's results correlate rho^(weeks apart)
  va <- sqrt(d$active_variance); vc <- sqrt(d$control_variance)
  same <- outer(d$study, d$study, "=="); r <- rho^abs(outer(d$weeks, d$weeks, "-"))
  same * r * (outer(d$arm, d$arm, "==") * outer(va, va) + outer(vc, vc))
}
tables <- list(times = effect(times), arms = effect(arms))
fit <- function(d, V, mods, random, struct, method, test, dfs) {
  make <- function(control) tryCatch(suppressWarnings(rma.mv(estimate, V, mods = mods, random = random, struct = struct, data = d,
    method = method, test = test, dfs = dfs, control = control)), error = function(e) NULL)
  starts <- list(list(optimizer = "nlminb", rel.tol = 1e-15, abs.tol = 0, x.tol = 1e-14, eval.max = 1e5, iter.max = 1e5),
    list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 1e5), list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 1e5))
  got <- Filter(Negate(is.null), lapply(starts, make))
  got[[which.max(sapply(got, function(f) as.numeric(logLik(f))))]]
}
cases <- list(); add <- function(table, rho, structure, random, struct, mods, names, method, test, dfs) {
  d <- tables[[table]]; f <- fit(d, sampling(d, rho), mods, random, struct, method, test, dfs); p <- length(f$beta)
  nested <- structure == "nested"
  cases[[length(cases) + 1]] <<- list(table = table, correlation = rho, structure = structure, moderators = I(names), method = method,
    inference = if (test == "z") "wald" else if (dfs == "contain") "containment" else "residual", estimate = as.numeric(f$beta), std_error = f$se, p_value = f$pval,
    conf_low = f$ci.lb, conf_high = f$ci.ub, df = if (test == "z") NULL else f$ddf, tau2 = if (nested) sum(f$sigma2) else f$tau2[1],
    rho = if (nested) f$sigma2[1] / sum(f$sigma2) else if (structure == "ID") 0 else f$rho[1], log_likelihood = as.numeric(logLik(f)), AIC = AIC(f), BIC = BIC(f), QE = f$QE, QE_p_value = f$QEp,
    QM = f$QM, QM_p_value = f$QMp, prediction_low = if (length(names)) NULL else predict(f)$pi.lb, prediction_high = if (length(names)) NULL else predict(f)$pi.ub)
}
for (method in c("REML", "ML")) {
  add("times", 0.5, "CAR", ~ weeks | study, "CAR", ~ 1, character(), method, "z", "residual")
  add("times", 0.5, "CAR", ~ weeks | study, "CAR", ~ weeks, "weeks", method, "t", "contain")
  add("times", 0.8, "CAR", ~ weeks | study, "CAR", ~ masked, "masked", method, "t", "contain")
  add("times", 0.3, "CS", ~ row | study, "CS", ~ weeks + masked, c("weeks", "masked"), method, "t", "contain")
  add("arms", 0.5, "CS", ~ arm | study, "CS", ~ 1, character(), method, "t", "residual")
  add("arms", 0.5, "CS", ~ arm | study, "CS", ~ arm, "arm", method, "t", "contain")
  add("times", 0.5, "nested", list(~ 1 | study, ~ 1 | row), "CS", ~ 1, character(), method, "t", "contain")
  add("arms", 0.5, "nested", list(~ 1 | study, ~ 1 | row), "CS", ~ masked, "masked", method, "z", "residual")
  add("times", 0.5, "ID", ~ row | study, "ID", ~ weeks, "weeks", method, "z", "residual")
}
for (one in cases) cat(one$table, one$structure, one$method, one$moderators, one$tau2, one$rho, one$log_likelihood, "\n")
keep <- c("study", "arm", "control_arm", "hours", "weeks", "masked", "n", "events", "control_n", "control_events", "estimate", "active_variance", "control_variance")
write_json(list(made_with = list(script = "tests/reference/make_multilevel_reference.R", R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  tables = lapply(tables, function(d) as.list(d[keep])), cases = cases), "tests/reference/multilevel.json", digits = NA, auto_unbox = TRUE, na = "null", null = "null")
