# Reference numbers for random-effects poolings of counts by their exact likelihood, from R's metafor (rma.glmm).
#   Rscript tests/reference/make_exact_pools_reference.R     (from the repository root; some minutes)
# CM.EL: metafor's own likelihood (.dnchg, integrate with rel.tol 1e-12 over -25 … 25) maximised by nlminb from
# rma.glmm's answer, its Hessian by numDeriv: metafor's Nelder-Mead stops in the fourth digit (`*_metafor`).
# PLO: lme4 through rma.glmm with nAGQ = 40 and a tight optimiser, polished the same way on lme4's own deviance.
suppressMessages({library(metafor); library(lme4); library(jsonlite)})
sparse <- list(
  rare = data.frame(ai = c(0, 5, 12, 0, 3, 9, 1, 7), n1 = c(20, 30, 30, 15, 18, 60, 25, 22), ci = c(1, 0, 9, 0, 2, 2, 4, 1), n2 = c(20, 30, 30, 16, 17, 58, 26, 21)),
  responses = data.frame(ai = c(19, 12, 8, 12, 30, 8, 20, 2, 25), n1 = c(35, 34, 18, 20, 47, 20, 24, 30, 26), ci = c(9, 1, 1, 10, 7, 6, 3, 6, 11), n2 = c(31, 33, 18, 20, 25, 21, 25, 28, 27)),
  unequal = data.frame(ai = c(4, 6, 3, 62, 33, 10, 8), n1 = c(123, 306, 231, 1359, 506, 154, 254), ci = c(11, 29, 11, 248, 47, 37, 10), n2 = c(139, 303, 220, 1287, 580, 145, 62)))
negative <- function(p, d) metafor:::.dnchg(p, d$ai, d$n1 - d$ai, d$ci, d$n2 - d$ci, matrix(1, nrow(d), 1), random = TRUE, dnchgcalc = "dnoncenhypergeom",
  digits = 8, intCtrl = list(lower = -25, upper = 25, rel.tol = 1e-12, subdivisions = 5000L))
conditional <- lapply(names(sparse), function(name) { d <- sparse[[name]]; d <- d[d$ai + d$ci > 0 & d$ai + d$ci < d$n1 + d$n2, ]; k <- nrow(d)
  f <- suppressWarnings(rma.glmm(measure = "OR", ai = ai, n1i = n1, ci = ci, n2i = n2, data = d, model = "CM.EL",
    control = list(dnchgcalc = "dnoncenhypergeom", optCtrl = list(reltol = 1e-12), intCtrl = list(lower = -25, upper = 25, rel.tol = 1e-10, subdivisions = 1000L))))
  best <- nlminb(c(as.numeric(f$beta), log(f$tau2)), negative, d = d, control = list(rel.tol = 1e-15, x.tol = 1e-12))
  best <- optim(best$par, negative, d = d, method = "BFGS", control = list(reltol = 1e-16, ndeps = c(1e-5, 1e-5)))
  V <- solve(numDeriv::hessian(negative, best$par, d = d, method.args = list(r = 6)))
  one <- function(t, i) -log(metafor:::.dnchgi(t, d$ai[i], d$n1[i] - d$ai[i], d$ci[i], d$n2[i] - d$ci[i], random = FALSE, dnchgcalc = "dnoncenhypergeom"))
  common <- optimize(function(t) sum(sapply(seq_len(k), function(i) one(t, i))), c(-5, 5), tol = 1e-10)
  own <- sum(sapply(seq_len(k), function(i) optimize(function(t) one(t, i), c(-25, 25), tol = 1e-10)$objective))
  cat(name, f$beta, f$tau2, f$se, "->", best$par[1], exp(best$par[2]), sqrt(V[1, 1]), f$QE.LRT, 2 * (common$objective - own), "\n")
  list(data = name, k = k, estimate = best$par[1], std_error = sqrt(V[1, 1]), tau2 = exp(best$par[2]), log_likelihood = -best$value, log_likelihood_common = -common$objective, estimate_common = common$minimum,
    Q = 2 * (common$objective - own), estimate_metafor = as.numeric(f$beta), std_error_metafor = f$se, tau2_metafor = f$tau2, Q_metafor = f$QE.LRT)
})
arms <- list(
  some = data.frame(xi = c(3, 0, 8, 5, 12, 1), ni = c(20, 15, 30, 11, 25, 19)),
  many = data.frame(xi = c(30, 19, 12, 12, 8, 20, 2, 25, 40, 7), ni = c(47, 35, 34, 20, 18, 24, 30, 26, 210, 21)))
single <- lapply(names(arms), function(name) { d <- arms[[name]]; d$study <- seq_len(nrow(d)); d$cell <- d$study
  f <- rma.glmm(measure = "PLO", xi = xi, ni = ni, data = d, control = list(nAGQ = 40, optCtrl = list(maxfun = 1e5)))
  deviance <- glmer(cbind(xi, ni - xi) ~ 1 + (1 | study), d, family = binomial, nAGQ = 40, devFunOnly = TRUE, control = glmerControl(tolPwrss = 1e-13))
  g <- glmer(cbind(xi, ni - xi) ~ 1 + (1 | study), d, family = binomial, nAGQ = 40, control = glmerControl(tolPwrss = 1e-13, optCtrl = list(xtol_rel = 1e-12)))
  negative <- function(p) -sum(sapply(seq_len(nrow(d)), function(i) log(integrate(function(t) dbinom(d$xi[i], d$ni[i], plogis(t)) * dnorm(t, p[1], exp(p[2])), -25, 25, rel.tol = 1e-13, subdivisions = 5000L)$value)))
  best <- nlminb(c(fixef(g), log(getME(g, "theta"))), negative, control = list(rel.tol = 1e-15, x.tol = 1e-12))
  best <- optim(best$par, negative, method = "BFGS", control = list(reltol = 1e-16, ndeps = c(1e-5, 1e-5)))
  V <- solve(numDeriv::hessian(negative, best$par, method.args = list(r = 6)))
  cat(name, f$beta, f$tau2, f$se, "->", best$par[1], exp(2 * best$par[2]), sqrt(V[1, 1]), f$QE.LRT, as.numeric(logLik(g)), -best$value, "\n")
  list(data = name, k = nrow(d), estimate = best$par[[1]], std_error = sqrt(V[1, 1]), tau2 = exp(2 * best$par[[2]]), log_likelihood = -best$value, Q = f$QE.LRT,
    estimate_metafor = as.numeric(f$beta), std_error_metafor = f$se, tau2_metafor = f$tau2, log_likelihood_lme4 = as.numeric(logLik(g)))
})
write_json(list(made_with = list(script = "tests/reference/make_exact_pools_reference.R", R = R.version.string, metafor = as.character(packageVersion("metafor")), lme4 = as.character(packageVersion("lme4"))),
  tables = lapply(sparse, as.list), arms = lapply(arms, as.list), conditional = conditional, single = single), "tests/reference/exact_pools.json", digits = NA, auto_unbox = TRUE, na = "null")
