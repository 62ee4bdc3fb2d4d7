"""Names of treatments: drugs of WHO's ATC group N06A and their comparators, brand names, abbreviations, other care."""

from __future__ import annotations

CLASS_OF: dict[str, str] = {  # drug → treatment class; ATC N06A by its subgroups, then what such trials compare with
    drug: name
    for name, drugs in {
        "tca": "desipramine imipramine clomipramine opipramol trimipramine lofepramine dibenzepin amitriptyline "
        "nortriptyline protriptyline doxepin iprindole melitracen butriptyline dosulepin dothiepin amoxapine "
        "dimetacrine amineptine quinupramine maprotiline",
        "ssri": "zimeldine fluoxetine citalopram paroxetine sertraline fluvoxamine escitalopram",
        "snri": "venlafaxine desvenlafaxine duloxetine milnacipran levomilnacipran",
        "maoi": "isocarboxazid nialamide phenelzine tranylcypromine iproniazid iproclozide moclobemide toloxatone "
        "selegiline",
        "atypical": "mianserin nomifensine trazodone nefazodone minaprine viloxazine mirtazapine bupropion tianeptine "
        "reboxetine gepirone agomelatine vilazodone vortioxetine etoperidone",
        "neurosteroid": "brexanolone zuranolone",
        "nmda_other": "dextromethorphan esmethadone lanicemine rapastinel nitrous",
        "antipsychotic": "quetiapine aripiprazole brexpiprazole olanzapine cariprazine lurasidone",
        "psychedelic": "psilocybin psilocin lsd ayahuasca dimethyltryptamine mdma",
        "psychological": "cbt psychotherapy psychoeducation counselling counseling mindfulness mbct ipt",
        "stimulation": "tms rtms itbs tdcs dbs vns",
    }.items()
    for drug in drugs.split()
}
BRANDS = {
    brand: drug
    for drug, brands in {
        "esketamine": "spravato", "ketamine": "ketalar ketanest", "fluoxetine": "prozac fluctin", "sertraline":
        "zoloft lustral", "paroxetine": "paxil seroxat aropax", "citalopram": "celexa cipramil", "escitalopram":
        "lexapro cipralex", "fluvoxamine": "luvox faverin", "venlafaxine": "effexor efexor trevilor",
        "desvenlafaxine": "pristiq", "duloxetine": "cymbalta", "milnacipran": "savella ixel", "levomilnacipran":
        "fetzima", "mirtazapine": "remeron zispin", "bupropion": "wellbutrin elontril", "trazodone": "desyrel trittico",
        "vortioxetine": "trintellix brintellix", "agomelatine": "valdoxan", "vilazodone": "viibryd", "amitriptyline":
        "elavil saroten", "clomipramine": "anafranil", "imipramine": "tofranil", "nortriptyline": "pamelor",
        "doxepin": "sinequan aponal", "trimipramine": "surmontil stangyl", "phenelzine": "nardil", "tranylcypromine":
        "parnate jatrosom", "moclobemide": "aurorix manerix", "reboxetine": "edronax", "mianserin": "tolvin tolvon",
        "tianeptine": "stablon", "dextromethorphan": "auvelity", "zuranolone": "zurzuvae", "brexanolone": "zulresso",
        "midazolam": "versed dormicum", "quetiapine": "seroquel", "aripiprazole": "abilify",
    }.items()
    for brand in brands.split()
}  # fmt: skip
ABBREVIATIONS = {  # where they stand as a word
    "ket": "ketamine", "esk": "esketamine", "esket": "esketamine", "mdz": "midazolam", "mida": "midazolam",
    "flx": "fluoxetine", "ser": "sertraline", "sert": "sertraline", "cit": "citalopram", "esc": "escitalopram",
    "par": "paroxetine", "ven": "venlafaxine", "dlx": "duloxetine", "dul": "duloxetine", "mir": "mirtazapine",
    "bup": "bupropion", "vor": "vortioxetine", "ami": "amitriptyline", "psil": "psilocybin", "psi": "psilocybin",
}  # fmt: skip
# words of a control that is no placebo → its kind; contrasted only where it is named
OTHER_CONTROLS = {
    "waitlist": "waiting_list", "waiting": "waiting_list", "wl": "waiting_list", "wlc": "waiting_list",
    "usual": "usual_care", "tau": "usual_care", "standard": "usual_care", "untreated": "no_treatment",
    "nothing": "no_treatment", "sham": "sham_stimulation",
}  # fmt: skip
