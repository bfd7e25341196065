"""Patients: who they are, how they are found, and what a person has been given in all clinics."""
