# Reference numbers for proportion intervals, in base R. Run from the repository root:
#   Rscript tests/reference/make_proportions_reference.R
# Wilson: prop.test(correct = FALSE); Clopper-Pearson: binom.test; Newcombe: method 10 of Newcombe 1998 (Stat Med 17:873)
# on prop.test's limits; Miettinen & Nurminen 1985 (Stat Med 4:213), with the factor N/(N-1): the score's constrained rates
# by their closed form AND by a numeric root of the constrained likelihood's slope; the limits of both must agree, and the
# numeric ones are recorded, so that they do not share a formula with the library.
# Katz 1978 (Biometrics 34:469) for the risk ratio, Woolf 1955 for the odds ratio; null where a zero cell leaves none.
suppressMessages({library(metafor); library(jsonlite)})
wilson <- function(e, n, level) {
  w <- as.numeric(suppressWarnings(prop.test(e, n, conf.level = level, correct = FALSE))$conf.int)
  if (e == 0) w[1] <- 0; if (e == n) w[2] <- 1 # exactly, not by 1e-17
  z <- qnorm((1 + level) / 2); p <- e / n # Wilson 1927, written out
  own <- (p + z^2 / (2 * n) + c(-1, 1) * z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))) / (1 + z^2 / n)
  stopifnot(max(abs(own - w)) < 1e-14)
  w
}
one <- list()
for (p in list(c(0, 10), c(10, 10), c(1, 10), c(12, 17), c(21, 30), c(0, 1), c(1, 1), c(5, 9), c(17, 63), c(350, 1000)))
  for (level in c(0.95, 0.9)) {
    e <- p[1]; n <- p[2]; exact <- as.numeric(binom.test(e, n, conf.level = level)$conf.int); a <- (1 - level) / 2
    own <- c(if (e == 0) 0 else qbeta(a, e, n - e + 1), if (e == n) 1 else qbeta(1 - a, e + 1, n - e))
    stopifnot(max(abs(own - exact)) < 1e-14)
    one[[length(one) + 1]] <- list(events = e, n = n, level = level, estimate = e / n, wilson = wilson(e, n, level), clopper_pearson = exact)
  }
by_likelihood <- function(d, e, n, ce, cn) { # control rate by root of the slope of the likelihood, given the difference d
  low <- max(0, -d); high <- min(1, 1 - d)
  slope <- function(q) { p <- q + d
    (if (e > 0) e / p else 0) - (if (n - e > 0) (n - e) / (1 - p) else 0) + (if (ce > 0) ce / q else 0) - (if (cn - ce > 0) (cn - ce) / (1 - q) else 0) }
  a <- low + 1e-15; b <- high - 1e-15
  if (b <= a) return((low + high) / 2)
  if (slope(a) <= 0) return(low); if (slope(b) >= 0) return(high)
  uniroot(slope, c(a, b), tol = 1e-17, maxiter = 10000)$root
}
closed_form <- function(d, e, n, ce, cn) { # Miettinen & Nurminen 1985, appendix I
  if (abs(d) < 1e-15) return((e + ce) / (n + cn))
  N <- n + cn; C <- e + ce
  l2 <- (n + 2 * cn) * d - N - C; l1 <- (cn * d - N - 2 * ce) * d + C; l0 <- ce * d * (1 - d)
  q <- l2^3 / (27 * N^3) - l1 * l2 / (6 * N^2) + l0 / (2 * N)
  p <- (if (q >= 0) 1 else -1) * sqrt(max(0, l2^2 / (9 * N^2) - l1 / (3 * N)))
  a <- if (p == 0) pi / 2 else (pi + acos(min(1, max(-1, q / p^3)))) / 3
  min(max(2 * p * cos(a) - l2 / (3 * N), max(0, -d)), min(1, 1 - d))
}
mn <- function(e, n, ce, cn, level, constrained, factor = (n + cn) / (n + cn - 1)) {
  z <- qnorm((1 + level) / 2); d0 <- e / n - ce / cn
  stat <- function(d) { q <- constrained(d, e, n, ce, cn); p <- q + d
    v <- (p * (1 - p) / n + q * (1 - q) / cn) * factor
    if (v < 1e-13) return(if (abs(d0 - d) < 1e-9) 0 else sign(d0 - d) * 1e9); (d0 - d) / sqrt(v) }
  low <- if (d0 <= -1 + 1e-12) -1 else uniroot(function(d) stat(d) - z, c(-1 + 1e-12, d0), tol = 1e-15, maxiter = 1e5)$root
  high <- if (d0 >= 1 - 1e-12) 1 else uniroot(function(d) stat(d) + z, c(d0, 1 - 1e-12), tol = 1e-15, maxiter = 1e5)$root
  c(low, high)
}
newcombe <- function(e, n, ce, cn, level) {
  w <- wilson(e, n, level); wc <- wilson(ce, cn, level); p <- e / n; q <- ce / cn
  c(p - q - sqrt((p - w[1])^2 + (wc[2] - q)^2), p - q + sqrt((w[2] - p)^2 + (q - wc[1])^2))
}
ratio <- function(x, se) c(x, x * exp(-z * se), x * exp(z * se))
two <- list(); z <- qnorm(0.975); apart <- 0
for (t in list(c(17, 63, 8, 60), c(11, 63, 4, 60), c(0, 10, 0, 10), c(10, 10, 10, 10), c(0, 10, 5, 10), c(10, 10, 0, 10),
  c(56, 70, 48, 80), c(9, 10, 3, 10), c(5, 56, 0, 29), c(78, 101, 52, 100))) {
  e <- t[1]; n <- t[2]; ce <- t[3]; cn <- t[4]; p <- e / n; q <- ce / cn; se <- sqrt(p * (1 - p) / n + q * (1 - q) / cn)
  numeric_mn <- mn(e, n, ce, cn, 0.95, by_likelihood)
  apart <- max(apart, abs(numeric_mn - mn(e, n, ce, cn, 0.95, closed_form)))
  row <- list(events = e, n = n, control_events = ce, control_n = cn, level = 0.95, estimate = p - q,
    wald = c(p - q - z * se, p - q + z * se), newcombe = newcombe(e, n, ce, cn, 0.95), miettinen_nurminen = numeric_mn,
    risk_ratio = if (e > 0 && ce > 0) ratio(p / q, sqrt(1 / e - 1 / n + 1 / ce - 1 / cn)) else NA,
    odds_ratio = if (all(c(e, n - e, ce, cn - ce) > 0))
      ratio(e * (cn - ce) / ((n - e) * ce), sqrt(1 / e + 1 / (n - e) + 1 / ce + 1 / (cn - ce))) else NA)
  for (m in list(c("RR", "risk_ratio"), c("OR", "odds_ratio"))) if (!anyNA(row[[m[2]]])) { # metafor says the same
    v <- escalc(m[1], ai = e, n1i = n, ci = ce, n2i = cn, add = 0, to = "none"); s <- sqrt(v$vi)
    stopifnot(max(abs(log(row[[m[2]]]) - (v$yi + c(0, -1, 1) * z * s))) < 1e-12)
  }
  two[[length(two) + 1]] <- row
}
if (apart > 1e-9) stop("closed form and likelihood root differ by ", apart)
# Held against Newcombe 1998, table II, as remembered, for the paper was not at hand: contrasts (a)-(g), method 10 (Wilson hybrid) and method 6 (Miettinen-Nurminen); (h) method 10 only.
table2 <- list(list(c(56, 70, 48, 80), c(0.0524, 0.3339), c(0.0528, 0.3382)), list(c(9, 10, 3, 10), c(0.1705, 0.8090), c(0.1700, 0.8406)),
  list(c(6, 7, 2, 7), c(0.0582, 0.8062), c(0.0342, 0.8534)), list(c(5, 56, 0, 29), c(-0.0381, 0.1926), c(-0.0326, 0.1933)),
  list(c(0, 10, 0, 20), c(-0.1611, 0.2775), c(-0.1658, 0.2844)), list(c(0, 10, 0, 10), c(-0.2775, 0.2775), c(-0.2879, 0.2879)),
  list(c(10, 10, 0, 20), c(0.6791, 1), c(0.7156, 1)), list(c(10, 10, 0, 10), c(0.6075, 1), NULL))
for (row in table2) {
  t <- row[[1]]
  stopifnot(all(round(newcombe(t[1], t[2], t[3], t[4], 0.95), 4) == row[[2]]))
  if (!is.null(row[[3]])) stopifnot(all(round(mn(t[1], t[2], t[3], t[4], 0.95, by_likelihood), 4) == row[[3]]))
}
write_json(list(made_with = list(script = "tests/reference/make_proportions_reference.R", R = R.version.string,
    metafor = as.character(packageVersion("metafor")), date = format(Sys.Date())),
  one_proportion = one, two_proportions = two), "tests/reference/proportions.json", digits = NA, auto_unbox = TRUE, na = "null")
