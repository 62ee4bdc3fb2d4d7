# A flat time course is a multilevel meta-analysis: metafor's rma.mv with a random effect for trial and one for row.
#   Rscript tests/reference/make_time_course_reference.R     (from the repository root)
suppressMessages({library(metafor); library(jsonlite)})
set.seed(43); d <- NULL
for (i in 1:16) { k <- sample(1:3, 1); t <- sort(sample(c(4, 24, 72, 168, 336, 672), k)); cls <- if (i <= 9) "a" else "b"
  va <- round(runif(k, 0.05, 0.2), 4); vc <- round(runif(k, 0.05, 0.2), 4)
  d <- rbind(d, data.frame(study = paste0("s", i), treatment_class = cls, hours = t, active_variance = va, control_variance = vc,
    estimate = round((if (cls == "a") 0.9 else 0.4) + rnorm(1, 0, 0.35) + rnorm(k, 0, 0.3) + rnorm(k, 0, sqrt(va + vc)), 4))) }
V <- matrix(0, nrow(d), nrow(d)); rho <- 0.5
for (i in seq_len(nrow(d))) for (j in seq_len(nrow(d))) if (d$study[i] == d$study[j]) {
  r <- rho^(abs(d$hours[i] - d$hours[j]) / 24 / 7)
  V[i, j] <- r * (sqrt(d$active_variance[i] * d$active_variance[j]) + sqrt(d$control_variance[i] * d$control_variance[j])) }
d$row <- seq_len(nrow(d)); out <- list()
for (method in c("REML", "ML")) {
  f <- rma.mv(estimate, V, mods = ~ 0 + treatment_class, random = list(~ 1 | study, ~ 1 | row), data = d, method = method,
    control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 10000))
  out[[method]] <- list(estimate = as.numeric(f$beta), std_error = f$se, tau2 = f$sigma2[1], omega2 = f$sigma2[2], loglik = as.numeric(logLik(f)))
}
write_json(list(made_with = list(script = "tests/reference/make_time_course_reference.R", R = R.version.string,
  metafor = as.character(packageVersion("metafor"))), effects = d, fits = out), "tests/reference/time_course.json", digits = NA, auto_unbox = TRUE)
