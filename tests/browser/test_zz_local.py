import sys; sys.path.insert(0,'/tmp/pages6')
import itertools, re, pytest
from pathlib import Path
from playwright.sync_api import expect
from tests.browser.conftest import chromium, page, plain_page, PHONE
from tests.browser.looking import Looking
import tests.browser.test_check_in as T, tests.browser.test_every_page as E
from local import *
from tests.e2e.mailbox import Invited
from tests.browser.conftest import look as _l
from services.followup.operations.check_in import cancel_check_in, CancelCheckIn, StaffReason
from services.followup.domain.check_in import CheckIn
ports=itertools.count(5610)
class Box:
    def __init__(self): self.worlds={}
    def check_in(self,*asks,locale="en-US"):
        w,t=a_world_with_an_open_check_in(*asks,clinic=a_clinic(sender_alias="Your Clinic",phone="555-0100"),patient=a_patient(locale=locale,birth_date="sealed:1980-05-17"))
        p=next(ports); serve(w,p); link=f"http://127.0.0.1:{p}/followup/c/{t}"; self.worlds[link]=w; return Invited(link,"","")
    def cancel(self,link):
        w=self.worlds[link]; w.run(CLINIC,cancel_check_in,CancelCheckIn(w.all(CheckIn)[0].id,StaffReason.MISTAKE))
@pytest.fixture
def mailbox(): return Box()
@pytest.fixture
def link(mailbox): return mailbox.check_in("phq-9").link
@pytest.fixture
def look():
    Path("/tmp/pages6/shots").mkdir(exist_ok=True); return Looking(Path("/tmp/pages6/shots"))
for m in (T,E):
    for n,v in list(vars(m).items()):
        if n.startswith("test_") and n=="test_the_pages_of_a_check_in": globals()[n]=v
