"""The words of the sample: specialties, roles and titles, states, names.

Codes are those of `seeds/vocabulary/` (a test compares them). They are repeated here
and not read from there on purpose: whoever tries a changed vocabulary or definition
wants to see what it does to the same raw data.
"""

from bisect import bisect_right
from typing import NamedTuple

# Product lines, in the order in which the generator's estimate keeps their scores.
GENERAL, CAPITAL, CONSUMABLE, SERVICE = range(4)
LINES = ("general", "capital_equipment", "consumable", "service_software")


class Specialty(NamedTuple):
    """A specialty as raw data may write it, and the lines it is a target of."""

    name: str
    nucc_code: str
    target_lines: str  # one letter per line: g, c(apital), s(upplies = consumable)


SPECIALTIES = {
    "orthopaedic_surgery": Specialty("Orthopaedic Surgery", "207X00000X", "gcs"),
    "orthopaedic_spine_surgery": Specialty(
        "Orthopaedic Surgery of the Spine", "207XS0117X", "gcs"
    ),
    "adult_reconstructive_orthopaedic_surgery": Specialty(
        "Adult Reconstructive Orthopaedic Surgery", "207XS0114X", "gcs"
    ),
    "orthopaedic_hand_surgery": Specialty("Hand Surgery", "207XS0106X", "gcs"),
    "orthopaedic_sports_medicine": Specialty(
        "Orthopaedic Sports Medicine", "207XX0005X", "gcs"
    ),
    "orthopaedic_trauma": Specialty("Orthopaedic Trauma", "207XX0801X", "gcs"),
    "neurological_surgery": Specialty("Neurological Surgery", "207T00000X", "gcs"),
    "general_surgery": Specialty("General Surgery", "208600000X", "gs"),
    "trauma_surgery": Specialty("Trauma Surgery", "2086S0127X", "gs"),
    "vascular_surgery": Specialty("Vascular Surgery", "2086S0129X", "gs"),
    "thoracic_surgery": Specialty("Thoracic Surgery", "208G00000X", "gs"),
    "colon_and_rectal_surgery": Specialty(
        "Colon and Rectal Surgery", "208C00000X", "gs"
    ),
    "plastic_surgery": Specialty("Plastic Surgery", "208200000X", "gs"),
    "urology": Specialty("Urology", "208800000X", "gs"),
    "obstetrics_and_gynecology": Specialty(
        "Obstetrics and Gynecology", "207V00000X", "gs"
    ),
    "otolaryngology": Specialty("Otolaryngology", "207Y00000X", "gs"),
    "diagnostic_radiology": Specialty("Diagnostic Radiology", "2085R0202X", "gc"),
    "interventional_radiology": Specialty(
        "Vascular and Interventional Radiology", "2085R0204X", "gc"
    ),
    "anesthesiology": Specialty("Anesthesiology", "207L00000X", ""),
    "emergency_medicine": Specialty("Emergency Medicine", "207P00000X", ""),
    "hospital_medicine": Specialty("Hospital Medicine", "208M00000X", ""),
    "internal_medicine": Specialty("Internal Medicine", "207R00000X", ""),
    "family_medicine": Specialty("Family Medicine", "207Q00000X", ""),
    "cardiovascular_disease": Specialty("Cardiovascular Disease", "207RC0000X", ""),
    "gastroenterology": Specialty("Gastroenterology", "207RG0100X", ""),
    "dermatology": Specialty("Dermatology", "207N00000X", ""),
    "ophthalmology": Specialty("Ophthalmology", "207W00000X", ""),
    "pediatrics": Specialty("Pediatrics", "208000000X", ""),
    "perioperative_nursing": Specialty("Perioperative Nursing", "364SP2800X", "gs"),
    "orthopaedic_nursing": Specialty("Orthopaedic Nursing", "163WX0800X", "gs"),
    "registered_nursing": Specialty("Registered Nursing", "163W00000X", ""),
    "family_nurse_practice": Specialty("Family Nurse Practice", "363LF0000X", ""),
    "surgical_physician_assistance": Specialty(
        "Surgical Physician Assistance", "363AS0400X", "gs"
    ),
    "medical_physician_assistance": Specialty(
        "Medical Physician Assistance", "363AM0700X", ""
    ),
    "surgical_technology": Specialty("Surgical Technology", "246ZS0410X", "gs"),
    "biomedical_engineering": Specialty("Biomedical Engineering", "246ZB0301X", ""),
}

SURGEONS = (
    ("orthopaedic_surgery", 20),
    ("orthopaedic_spine_surgery", 8),
    ("adult_reconstructive_orthopaedic_surgery", 7),
    ("orthopaedic_hand_surgery", 4),
    ("orthopaedic_sports_medicine", 6),
    ("orthopaedic_trauma", 5),
    ("neurological_surgery", 8),
    ("general_surgery", 16),
    ("trauma_surgery", 3),
    ("vascular_surgery", 4),
    ("thoracic_surgery", 3),
    ("colon_and_rectal_surgery", 2),
    ("plastic_surgery", 3),
    ("urology", 5),
    ("obstetrics_and_gynecology", 5),
    ("otolaryngology", 4),
    ("ophthalmology", 4),
)
PHYSICIANS = (
    ("anesthesiology", 16),
    ("emergency_medicine", 10),
    ("hospital_medicine", 9),
    ("internal_medicine", 13),
    ("family_medicine", 10),
    ("cardiovascular_disease", 9),
    ("gastroenterology", 7),
    ("dermatology", 6),
    ("pediatrics", 4),
    ("diagnostic_radiology", 11),
    ("interventional_radiology", 5),
)
NURSES = (
    ("perioperative_nursing", 34),
    ("orthopaedic_nursing", 10),
    ("registered_nursing", 44),
    ("", 12),
)


class Role(NamedTuple):
    """A role: its class per line as the guide's definition has it (estimate only)."""

    is_clinical: bool
    # D(ecision maker), I(nfluencer), U(ser), T(rainee), N(on-buyer), in LINES' order
    classes: str
    titles: tuple[str, ...]
    specialties: tuple = (("", 1),)


ROLES = {
    "chief_of_surgery": Role(
        True, "DDDD", ("Chief of Surgery", "Surgeon-in-Chief"), SURGEONS
    ),
    "department_chair": Role(
        True,
        "DDDD",
        ("Department Chair", "Chair of Orthopaedics", "Chairman of Surgery"),
        SURGEONS,
    ),
    "section_chief": Role(
        True,
        "DDDD",
        ("Section Chief, Joint Replacement", "Division Chief", "Chief of Spine"),
        SURGEONS,
    ),
    "medical_director": Role(
        True,
        "DDDD",
        ("Medical Director", "Associate Medical Director"),
        SURGEONS + PHYSICIANS,
    ),
    "practice_owner": Role(
        True, "DDDD", ("Practice Owner", "Managing Partner, MD"), SURGEONS
    ),
    "chief_medical_officer": Role(
        True, "DDDD", ("Chief Medical Officer", "CMO"), PHYSICIANS
    ),
    "chief_nursing_officer": Role(
        True, "DDDD", ("Chief Nursing Officer", "CNO"), NURSES
    ),
    "nursing_director": Role(
        True, "IIDI", ("Director of Nursing", "Nursing Director"), NURSES
    ),
    "nurse_manager": Role(
        True, "IIII", ("Nurse Manager", "OR Charge Nurse", "Head Nurse"), NURSES
    ),
    "staff_surgeon": Role(
        True,
        "IIIU",
        ("Staff Surgeon", "Attending Surgeon", "Surgeon", "Consultant Surgeon"),
        SURGEONS,
    ),
    "physician": Role(
        True,
        "IIIU",
        ("Attending Physician", "Physician", "Staff Physician"),
        PHYSICIANS,
    ),
    "academic_faculty": Role(
        True, "IIIU", ("Associate Professor", "Professor of Surgery"), SURGEONS
    ),
    "clinical_nurse_specialist": Role(
        True, "IIII", ("Clinical Nurse Specialist",), NURSES
    ),
    "infection_preventionist": Role(
        True, "IIII", ("Infection Preventionist",), (("registered_nursing", 1),)
    ),
    "physician_assistant": Role(
        True,
        "UUIU",
        ("Physician Assistant", "Orthopaedic PA-C"),
        (("surgical_physician_assistance", 6), ("medical_physician_assistance", 4)),
    ),
    "nurse_practitioner": Role(
        True, "UUUU", ("Nurse Practitioner", "APRN"), (("family_nurse_practice", 1),)
    ),
    "operating_room_nurse": Role(
        True,
        "UUIU",
        ("Operating Room Nurse", "Perioperative Nurse", "Scrub Nurse"),
        NURSES,
    ),
    "registered_nurse": Role(True, "UUUU", ("Registered Nurse", "Staff RN"), NURSES),
    "surgical_technologist": Role(
        True,
        "UUIU",
        ("Surgical Technologist", "Certified Surgical Tech"),
        (("surgical_technology", 1),),
    ),
    "radiologic_technologist": Role(
        True, "UUUU", ("Radiologic Technologist", "MRI Technologist")
    ),
    "chief_executive_officer": Role(
        False, "DDDD", ("Chief Executive Officer", "President and CEO")
    ),
    "chief_operating_officer": Role(False, "DDDD", ("Chief Operating Officer", "COO")),
    "chief_financial_officer": Role(False, "DDDD", ("Chief Financial Officer", "CFO")),
    "chief_information_officer": Role(False, "IIID", ("Chief Information Officer",)),
    "hospital_administrator": Role(
        False, "DDDD", ("Hospital Administrator", "Vice President, Operations")
    ),
    "asc_administrator": Role(
        False, "DDDD", ("ASC Administrator", "Surgery Center Director")
    ),
    "service_line_director": Role(
        False, "DDDD", ("Service Line Director, Orthopaedics",)
    ),
    "perioperative_director": Role(
        False, "DDDD", ("Director of Perioperative Services", "Operating Room Director")
    ),
    "radiology_director": Role(False, "IDID", ("Director of Radiology",)),
    "finance_director": Role(False, "IIII", ("Director of Finance",)),
    "procurement_director": Role(
        False, "DDDD", ("Procurement Director", "Director of Purchasing")
    ),
    "supply_chain_director": Role(
        False, "DDDD", ("Supply Chain Director", "VP Supply Chain")
    ),
    "procurement_manager": Role(
        False, "IIDI", ("Procurement Manager", "Purchasing Manager")
    ),
    "materials_manager": Role(
        False, "IIDI", ("Materials Manager", "Supply Chain Manager")
    ),
    "value_analysis_manager": Role(False, "IIII", ("Value Analysis Manager",)),
    "buyer": Role(False, "UUIU", ("Buyer", "Senior Buyer, Surgical")),
    "clinical_engineering_director": Role(
        False, "IIID", ("Director of Clinical Engineering", "Biomed Manager")
    ),
    "biomedical_engineer": Role(
        False,
        "UUUI",
        ("Biomedical Engineer", "BMET II"),
        (("biomedical_engineering", 1), ("", 2)),
    ),
    "it_director": Role(False, "IIID", ("IT Director",)),
    "quality_manager": Role(False, "IIII", ("Quality Manager",)),
    "sterile_processing_manager": Role(
        False, "IIII", ("Sterile Processing Manager", "Director of Sterile Processing")
    ),
    "practice_manager": Role(False, "IIDI", ("Practice Manager", "Office Manager")),
    "coordinator": Role(False, "UUUU", ("Clinic Coordinator", "Surgery Scheduler")),
    "resident": Role(
        True, "TTTT", ("Surgery Resident", "Orthopaedic Resident PGY-3"), SURGEONS
    ),
    "fellow": Role(True, "TTTT", ("Spine Fellow", "Sports Medicine Fellow"), SURGEONS),
    "medical_student": Role(True, "TTTT", ("Medical Student",)),
    "executive_assistant": Role(
        False, "NNNN", ("Executive Assistant to the CEO", "Administrative Assistant")
    ),
    "vendor_representative": Role(
        False, "NNNN", ("Sales Representative", "Territory Manager")
    ),
    "recruiter": Role(False, "NNNN", ("Recruiter, Clinical Staff",)),
    "investor": Role(False, "NNNN", ("Healthcare Equity Analyst",)),
}

HOSPITAL_STAFF = (
    ("staff_surgeon", 17),
    ("section_chief", 3.5),
    ("department_chair", 3),
    ("chief_of_surgery", 2),
    ("medical_director", 3),
    ("physician", 12),
    ("academic_faculty", 2),
    ("resident", 5),
    ("fellow", 2),
    ("medical_student", 1.5),
    ("chief_medical_officer", 1),
    ("chief_nursing_officer", 1),
    ("nursing_director", 2),
    ("nurse_manager", 4),
    ("clinical_nurse_specialist", 1),
    ("infection_preventionist", 1),
    ("physician_assistant", 4),
    ("nurse_practitioner", 2),
    ("operating_room_nurse", 6),
    ("registered_nurse", 4),
    ("surgical_technologist", 4),
    ("radiologic_technologist", 1.5),
    ("chief_executive_officer", 1),
    ("chief_operating_officer", 1),
    ("chief_financial_officer", 0.7),
    ("chief_information_officer", 0.7),
    ("hospital_administrator", 1.5),
    ("service_line_director", 1.5),
    ("perioperative_director", 3),
    ("radiology_director", 1.5),
    ("finance_director", 0.7),
    ("procurement_director", 2),
    ("supply_chain_director", 2),
    ("procurement_manager", 2.5),
    ("materials_manager", 3.5),
    ("value_analysis_manager", 3),
    ("buyer", 2.5),
    ("clinical_engineering_director", 2),
    ("biomedical_engineer", 3.5),
    ("it_director", 1),
    ("quality_manager", 1),
    ("sterile_processing_manager", 2),
    ("coordinator", 1.5),
    ("executive_assistant", 1),
)
SURGERY_CENTER_STAFF = (
    ("staff_surgeon", 24),
    ("practice_owner", 9),
    ("medical_director", 6),
    ("asc_administrator", 14),
    ("nurse_manager", 8),
    ("operating_room_nurse", 10),
    ("surgical_technologist", 6),
    ("physician", 8),
    ("materials_manager", 7),
    ("buyer", 3),
    ("sterile_processing_manager", 3),
    ("coordinator", 2),
)
PRACTICE_STAFF = (
    ("practice_owner", 16),
    ("physician", 26),
    ("staff_surgeon", 12),
    ("physician_assistant", 10),
    ("nurse_practitioner", 8),
    ("practice_manager", 16),
    ("radiologic_technologist", 4),
    ("coordinator", 8),
)
OFFICE_STAFF = (
    ("chief_executive_officer", 8),
    ("chief_medical_officer", 8),
    ("supply_chain_director", 16),
    ("procurement_director", 14),
    ("procurement_manager", 14),
    ("value_analysis_manager", 14),
    ("finance_director", 8),
    ("it_director", 8),
    ("executive_assistant", 10),
)
OUTSIDE_STAFF = (
    ("vendor_representative", 26),
    ("registered_nurse", 16),
    ("chief_executive_officer", 10),
    ("practice_manager", 10),
    ("physician", 14),
    ("recruiter", 8),
    ("investor", 8),
    ("coordinator", 8),
)
UNIVERSITY_STAFF = (
    ("medical_student", 40),
    ("academic_faculty", 35),
    ("resident", 25),
)

# Titles no pattern knows; with a blank role cell the role stays unknown.
UNKNOWN_TITLES = ("Wound Care Champion", "Innovation Lead", "Team Member", "")

# (country, state, weight by population in thousands, coverage, territory); coverage
# and territory as the guide's definition has them (estimate and account owners only).
STATES = (
    ("US", "CA", 38960, "target", "West"),
    ("US", "TX", 30500, "target", "South Central"),
    ("US", "FL", 22610, "target", "Southeast"),
    ("US", "NY", 19570, "target", "Northeast"),
    ("US", "PA", 12960, "target", "Northeast"),
    ("US", "IL", 12550, "target", "Midwest"),
    ("US", "OH", 11780, "target", "Midwest"),
    ("US", "GA", 11030, "target", "Southeast"),
    ("US", "NC", 10830, "target", "Southeast"),
    ("US", "MI", 10030, "target", "Midwest"),
    ("US", "NJ", 9290, "target", "Northeast"),
    ("US", "VA", 8710, "target", "Mid-Atlantic"),
    ("US", "WA", 7810, "target", "Pacific Northwest"),
    ("US", "AZ", 7430, "target", "West"),
    ("US", "TN", 7120, "target", "Southeast"),
    ("US", "MA", 7000, "target", "Northeast"),
    ("US", "IN", 6860, "target", "Midwest"),
    ("US", "MO", 6190, "target", "Midwest"),
    ("US", "MD", 6180, "target", "Mid-Atlantic"),
    ("US", "WI", 5910, "target", "Midwest"),
    ("US", "CO", 5870, "target", "West"),
    ("US", "MN", 5730, "target", "Midwest"),
    ("US", "SC", 5370, "target", "Southeast"),
    ("US", "AL", 5100, "covered", "Southeast"),
    ("US", "LA", 4570, "target", "South Central"),
    ("US", "KY", 4520, "covered", "Southeast"),
    ("US", "OR", 4230, "covered", "Pacific Northwest"),
    ("US", "OK", 4050, "covered", "South Central"),
    ("US", "CT", 3610, "target", "Northeast"),
    ("US", "UT", 3410, "covered", "West"),
    ("US", "IA", 3200, "covered", "Midwest"),
    ("US", "NV", 3190, "covered", "West"),
    ("US", "AR", 3060, "covered", "South Central"),
    ("US", "KS", 2940, "covered", "Midwest"),
    ("US", "MS", 2930, "covered", "Southeast"),
    ("US", "NM", 2110, "covered", "West"),
    ("US", "NE", 1970, "covered", "Midwest"),
    ("US", "ID", 1960, "covered", "Pacific Northwest"),
    ("US", "WV", 1770, "covered", "Mid-Atlantic"),
    ("US", "HI", 1430, "uncovered", ""),
    ("US", "NH", 1400, "covered", "Northeast"),
    ("US", "ME", 1390, "covered", "Northeast"),
    ("US", "MT", 1130, "uncovered", ""),
    ("US", "RI", 1090, "covered", "Northeast"),
    ("US", "DE", 1030, "covered", "Mid-Atlantic"),
    ("US", "SD", 920, "uncovered", ""),
    ("US", "ND", 780, "uncovered", ""),
    ("US", "AK", 730, "uncovered", ""),
    ("US", "DC", 680, "target", "Mid-Atlantic"),
    ("US", "VT", 650, "covered", "Northeast"),
    ("US", "WY", 580, "uncovered", ""),
    ("CA", "ON", 4500, "covered", "Canada"),
    ("CA", "QC", 1500, "covered", "Canada"),
    ("CA", "BC", 1500, "covered", "Canada"),
    ("GB", "London", 2000, "covered", "United Kingdom"),
    ("DE", "BY", 1500, "uncovered", ""),
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES = _words(
    """Amber Ash Aspen Bayview Beacon Birch Bluff Briar Bridgeport Brook Canyon Cedar
    Chestnut Clearwater Cliffside Copper Coral Crest Cypress Dogwood Eastgate Elm
    Evergreen Fairmont Fern Forest Foxglove Garnet Glen Granite Greenfield Harbor
    Hawthorn Hazel Heather Hickory Highland Hilltop Hollow Ironwood Jasper Juniper
    Kestrel Lakeside Larkspur Laurel Linden Magnolia Maple Marigold Meadow Mesa
    Northgate Oakdale Orchard Palmetto Pinecrest Prairie Quarry Redwood Ridgeview
    Riverbend Rosewood Sable Sage Shoreline Silver Spruce Stonebridge Summit Sycamore
    Tamarack Thornbury Timber Valley Verbena Walnut Westbrook Willow Windmere"""
)
FIRST_NAMES = _words(
    """Aaron Aisha Alan Alice Amir Ana Andre Anita Anna Arjun Barbara Ben Bianca Brian
    Camila Carlos Carmen Chen Claire Daniel Dana David Deepa Diego Elena Elise Emily
    Eric Esther Ethan Fatima Felix Frank Grace Hannah Hassan Helen Hugo Ian Imani Irene
    Isaac Ivy Jack Jada James Jane Jin Joan Joel John Jose Joy Julia Karen Kenji Kevin
    Kira Lamar Laura Leah Leo Lena Liam Linda Lucas Maria Mark Maya Mei Miguel Mona
    Nadia Naomi Nate Nina Noah Nora Olga Omar Oscar Paul Priya Rachel Raj Rosa Ruth
    Sam Sara Sofia Tara Theo Tom Uma Vera Victor Wei Yara Yusuf Zoe"""
)
LAST_NAMES = _words(
    """Abbott Adams Ahmed Allen Alvarez Anderson Bailey Baker Banerjee Barnes Becker
    Bennett Bishop Brooks Brown Burke Campbell Carter Castillo Chang Chen Choi Clark
    Cohen Collins Cooper Cruz Das Davis Delgado Diaz Dixon Edwards Ellis Evans Farah
    Fischer Fisher Flores Foster Garcia Gibson Gomez Gray Green Gupta Hall Harris Hayes
    Hernandez Hill Hoffman Howard Hughes Hussein Ibrahim Jackson Jenkins Johnson Jones
    Kapoor Kelly Khan Kim King Klein Kumar Lee Lewis Li Lopez Martin Martinez Mehta
    Meyer Miller Mitchell Moore Morgan Morris Murphy Nelson Nguyen Novak Okafor Olsen
    Ortiz Park Patel Perez Peterson Phillips Price Ramirez Reed Reyes Rivera Roberts
    Robinson Rogers Rossi Russell Sanchez Sanders Schmidt Scott Shah Singh Smith Stone
    Sullivan Taylor Thomas Torres Turner Vargas Wagner Walker Wang Ward Watson White
    Williams Wilson Wong Wright Yang Young Zhang"""
)

# The seller, invented; .example never resolves.
COMPANY_SITE = "https://www.halden-surgical.example"


def cumulative(weighted: tuple) -> tuple[tuple, tuple]:
    """(values, running shares) of (value, weight) pairs, for `pick`."""
    total = sum(weight for _, weight in weighted)
    running, shares = 0.0, []
    for _, weight in weighted:
        running += weight / total
        shares.append(running)
    shares[-1] = 1.0
    return tuple(value for value, _ in weighted), tuple(shares)


def pick(table: tuple[tuple, tuple], share: float):
    """The value of a `cumulative` table at a share from 0 to 1 (1 not included)."""
    values, shares = table
    return values[bisect_right(shares, share)]
