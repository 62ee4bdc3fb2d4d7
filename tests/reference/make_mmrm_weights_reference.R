# LS means of one visit under emmeans' weights, which fit_mmrm's `weights` must equal: Rscript tests/reference/make_mmrm_weights_reference.R
suppressPackageStartupMessages({library(emmeans); library(jsonlite)})
d <- subset(read.csv("tests/reference/mmrm_small.csv"), hours == 672)
for (v in c("arm", "site", "sex")) d[[v]] <- factor(d[[v]])
f <- lm(change ~ baseline + arm + site + sex, d)
one <- function(w) { e <- summary(emmeans(f, ~ arm, weights = w)); data.frame(arm = as.character(e$arm), estimate = e$emmean, std_error = e$SE, df = e$df) }
out <- list(equal = one("equal"), proportional = one("proportional"), observed = one("cells"),
  made_with = list(R = R.version.string, emmeans = as.character(packageVersion("emmeans")), date = as.character(Sys.Date())))
write_json(out, "tests/reference/mmrm_weights.json", auto_unbox = TRUE, digits = 12)
