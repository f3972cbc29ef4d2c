"""The page of a round's keys: a key is shown once, and proved by pasting it back before anything is sealed to it."""

from contextlib import closing

from app.rounds.sealing import decrypt_challenge
from app.services.keyholders import name_and_prove, new_key
from app.services.log import round_events
from app.store.engine import Database
from tests.admin.admin_site import AdminSite, Browser
from tests.conftest import START


def test_keys_are_made_proved_and_removed_on_their_page(admin_site: AdminSite, draft: str, dag: Browser) -> None:
    keys = f"/admin/rounds/{draft}/keys"
    dag.get(keys)
    assert "Name and prove two keys" in dag.text
    dag.send("new-key", person="Ada of the library")
    identity = dag.text.split('<code class="secret">')[1].split("<")[0]
    dag.send("prove-secret", secret_key=new_key().identity)
    assert dag.response.status_code == 422
    dag.get(keys)
    assert identity not in dag.text
    assert "not proved yet" in dag.text
    dag.send("prove-secret", secret_key=identity)
    assert (dag.path, "Proved by Dag" in dag.text) == (keys, True)
    other, wrong = new_key(), new_key()
    dag.send("name-key", public_key=wrong.recipient, person="Bo")
    dag.send("remove-key")  # the form of Ada's key, the first on the page
    assert "Ada of the library" not in dag.text
    dag.send("remove-key")
    dag.send("name-key", public_key=other.recipient)
    challenge = dag.text.split("-----BEGIN")[1].split("-----END")[0]
    answer = decrypt_challenge(f"-----BEGIN{challenge}-----END AGE ENCRYPTED FILE-----\n", other.identity)
    dag.send("prove-answer", answer=answer)
    assert "Proved by Dag" in dag.text
    with admin_site.database.reading() as session:
        log = round_events(session, draft)
    assert [event.action for event in log if event.action.startswith("key ")] == [
        "key named", "key proved", "key named", "key removed", "key removed", "key named", "key proved",
    ]  # fmt: skip
    assert not {identity, other.identity, wrong.identity, answer} & set(str(log).split("'"))


def test_the_second_person_s_key_is_chosen_on_the_page(draft: str, dag: Browser) -> None:
    dag.get(f"/admin/rounds/{draft}/keys")
    dag.send("name-key", public_key=new_key().recipient, layer="2")
    assert "Two people open this seal" in dag.text
    dag.send("name-key", public_key=new_key().recipient, layer="3")
    assert "Choose what the key opens" in dag.text


def test_the_page_takes_another_proof_for_a_key_of_two_people_that_the_shell_proved(
    admin_site: AdminSite, draft: str, dag: Browser
) -> None:
    by_shell = new_key()
    with closing(Database(admin_site.database.url, {"via": "shell"})) as shell, shell.writing() as session:
        name_and_prove(session, draft, [by_shell.identity], "Dag", START)
    dag.get(f"/admin/rounds/{draft}/keys")
    assert "Proved by Dag" in dag.text
    assert "prove-secret" not in dag.text
    dag.send("name-key", public_key=new_key().recipient, person="Eva", layer="2")
    assert ("to be proved again, signed in" in dag.text, "Proved by Dag in the shell" in dag.text) == (True, True)
    dag.send("prove-secret", secret_key=by_shell.identity)
    assert (dag.response.status_code, "to be proved again" in dag.text) == (200, False)
