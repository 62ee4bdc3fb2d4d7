# Reference numbers for proportion intervals, in base R. Run from the repository root:
#   Rscript tests/reference/make_proportions_reference.R
# Wilson: prop.test(correct = FALSE); Clopper-Pearson: binom.test; Newcombe: method 10 of Newcombe 1998 (Stat Med 17:873)
# on prop.test's limits; Miettinen & Nurminen 1985 by direct maximisation of the constrained likelihood (optimize) and
# uniroot on the score, not by the closed form that the library uses.
suppressMessages(library(jsonlite))
wilson <- function(e, n, level) as.numeric(suppressWarnings(prop.test(e, n, conf.level = level, correct = FALSE))$conf.int)
one <- list()
for (p in list(c(0, 10), c(10, 10), c(1, 10), c(12, 17), c(21, 30), c(0, 1), c(1, 1), c(5, 9), c(17, 63), c(350, 1000)))
  for (level in c(0.95, 0.9))
    one[[length(one) + 1]] <- list(events = p[1], n = p[2], level = level, wilson = wilson(p[1], p[2], level),
      clopper_pearson = as.numeric(binom.test(p[1], p[2], conf.level = level)$conf.int))
constrained <- function(d, e, n, ce, cn) { # control rate by root of the score of the likelihood, given the difference d
  low <- max(0, -d); high <- min(1, 1 - d); eps <- 1e-16
  slope <- function(q) { p <- q + d
    (if (e > 0) e / p else 0) - (if (n - e > 0) (n - e) / (1 - p) else 0) + (if (ce > 0) ce / q else 0) - (if (cn - ce > 0) (cn - ce) / (1 - q) else 0) }
  a <- low + 1e-15; b <- high - 1e-15
  if (b <= a) return((low + high) / 2)
  if (slope(a) <= 0) return(low); if (slope(b) >= 0) return(high)
  uniroot(slope, c(a, b), tol = 1e-17, maxiter = 10000)$root
}
mn <- function(e, n, ce, cn, level) {
  z <- qnorm((1 + level) / 2); d0 <- e / n - ce / cn
  stat <- function(d) { q <- constrained(d, e, n, ce, cn); p <- q + d
    v <- (p * (1 - p) / n + q * (1 - q) / cn) * (n + cn) / (n + cn - 1)
    if (v < 1e-13) return(if (abs(d0 - d) < 1e-9) 0 else sign(d0 - d) * 1e9); (d0 - d) / sqrt(v) }
  low <- if (d0 <= -1 + 1e-12) -1 else uniroot(function(d) stat(d) - z, c(-1 + 1e-12, d0), tol = 1e-15, maxiter = 1e5)$root
  high <- if (d0 >= 1 - 1e-12) 1 else uniroot(function(d) stat(d) + z, c(d0, 1 - 1e-12), tol = 1e-15, maxiter = 1e5)$root
  c(low, high)
}
two <- list(); z <- qnorm(0.975)
for (t in list(c(17, 63, 8, 60), c(11, 63, 4, 60), c(0, 10, 0, 10), c(10, 10, 10, 10), c(0, 10, 5, 10), c(10, 10, 0, 10),
  c(56, 70, 48, 80), c(9, 10, 3, 10), c(5, 56, 0, 29), c(78, 101, 52, 100))) {
  e <- t[1]; n <- t[2]; ce <- t[3]; cn <- t[4]; p <- e / n; q <- ce / cn
  w <- wilson(e, n, 0.95); wc <- wilson(ce, cn, 0.95); se <- sqrt(p * (1 - p) / n + q * (1 - q) / cn)
  if (e == 0) w[1] <- 0; if (e == n) w[2] <- 1; if (ce == 0) wc[1] <- 0; if (ce == cn) wc[2] <- 1
  lrr <- sqrt(1 / e - 1 / n + 1 / ce - 1 / cn); lor <- sqrt(1 / e + 1 / (n - e) + 1 / ce + 1 / (cn - ce))
  rr <- p / q; or <- e * (cn - ce) / ((n - e) * ce)
  two[[length(two) + 1]] <- list(events = e, n = n, control_events = ce, control_n = cn, estimate = p - q,
    wald = c(p - q - z * se, p - q + z * se),
    newcombe = c(p - q - sqrt((p - w[1])^2 + (wc[2] - q)^2), p - q + sqrt((w[2] - p)^2 + (q - wc[1])^2)),
    miettinen_nurminen = mn(e, n, ce, cn, 0.95),
    risk_ratio = if (e > 0 && ce > 0) c(rr, rr * exp(-z * lrr), rr * exp(z * lrr)) else NULL,
    odds_ratio = if (all(c(e, n - e, ce, cn - ce) > 0)) c(or, or * exp(-z * lor), or * exp(z * lor)) else NULL)
}
# Newcombe 1998, table II, method 10, as printed
stopifnot(all(round(two[[7]]$newcombe, 4) == c(0.0524, 0.3339)), all(round(two[[9]]$newcombe, 4) == c(-0.0381, 0.1926)),
  all(round(two[[8]]$newcombe, 4) == c(0.1705, 0.8090)))
# Newcombe 1998, table II, method 9 (Miettinen-Nurminen has the factor N/(N-1)), as printed for 56/70 v 48/80
stopifnot(all(round(two[[7]]$miettinen_nurminen, 4) == c(0.0528, 0.3382)))
write_json(list(made_with = list(script = "tests/reference/make_proportions_reference.R", R = R.version.string),
  one_proportion = one, two_proportions = two), "tests/reference/proportions.json", digits = NA, auto_unbox = TRUE, na = "null")
