"""Photos: recorded as evidence, handed out by scope, public only after a second person's decision."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.actions.drafts import ReportDraft
from projects.actions.errors import ActionError, Invalid, NotAllowed
from projects.actions.photodrafts import Fix
from projects.actions.photos import MOST, add_photos, decide_photo
from projects.actions.reports import report_site
from projects.actions.sites import remove_site
from projects.exchange import staging
from projects.exchange.staging import discard
from projects.exchange.staging import upload as hand_in
from projects.models import AuditEntry, Membership, Photo, PhotoDecision, Site, User, storedfiles
from projects.readmodels.photos import is_public_picture, photos_of_sites
from projects.rules.evidence import Finding
from projects.rules.vocabulary import PhotoPurpose, PhotoVerdict, Publication
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of
from tests.photographs import bare, draft_of_photo, photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(world: World) -> Site:
    """A published site of 海曙, where the photos are taken."""
    return world.site(county="330203", lon=121.55, lat=29.85)


@pytest.fixture
def verifier(world: World) -> User:
    user = User.objects.create_user(username="verifier", password="x", is_staff=True)
    Membership.objects.create(user=user, role="verifier", division=world.counties["330203"])
    world.users["verifier"] = user
    return user


def upload(name: str = "现场.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, photo() if data is None else data)


class TestRecording:
    def test_one_entry_says_which_originals_and_nobodys_position(self, world: World, site: Site) -> None:
        draft = replace(draft_of_photo(), device=Fix(121.5501, 29.8501, 12.0))
        (row,) = add_photos(access=world.access("haishu"), site_id=site.pk, photos=[draft])
        entry = AuditEntry.objects.latest("seq")
        assert (entry.action, entry.subject_id) == ("site.photo", str(site.pk))
        assert entry.payload["photos"] == [[row.pk, draft.original_sha256]]
        assert "121.5" not in str(entry.payload) and set(entry.payload["rows"]) == {"photo", "site"}
        assert row.original_sha256 == hashlib.sha256(photo()).hexdigest()
        assert row.taken_distance_m is not None and row.taken_distance_m < 1
        assert row.device_distance_m == pytest.approx(14.7, abs=0.5)
        assert Site.objects.get(pk=site.pk).version == site.version

    def test_sending_twice_records_once(self, world: World, site: Site) -> None:
        access = world.access("haishu")
        first = add_photos(access=access, site_id=site.pk, photos=[draft_of_photo()])
        entries = AuditEntry.objects.count()
        assert add_photos(access=access, site_id=site.pk, photos=[draft_of_photo()]) == first
        assert (AuditEntry.objects.count(), Photo.objects.count()) == (entries, 1)

    def test_letting_an_import_go_takes_no_photo_with_it(self, world: World, site: Site) -> None:
        access = world.access("haishu")
        (row,) = add_photos(access=access, site_id=site.pk, photos=[draft_of_photo()])
        for digest in (row.original_sha256, row.picture_sha256, row.thumbnail_sha256):
            with storedfiles.open_file(digest) as file:
                staged = staging.upload(access, [file.read()], "点位.csv")
            staging.discard(access, staged.pk)
            assert storedfiles.path_of(digest).exists()

    @pytest.mark.parametrize("who", ["yinzhou", "supervisor", "publisher", "stranger", "verifier"])
    def test_it_takes_the_right_to_report(self, world: World, site: Site, verifier: User, who: str) -> None:
        with pytest.raises(NotAllowed):
            add_photos(access=world.access(who), site_id=site.pk, photos=[draft_of_photo()])

    def test_a_verification_takes_a_verifier(self, world: World, site: Site, verifier: User) -> None:
        """On some level: a district checks itself."""
        draft = replace(draft_of_photo(), purpose=PhotoPurpose.VERIFICATION)
        with pytest.raises(NotAllowed):
            add_photos(access=world.access("supervisor"), site_id=site.pk, photos=[draft])
        add_photos(access=world.access("verifier"), site_id=site.pk, photos=[draft])

    def test_nobody_throws_the_original_away_by_an_import(self, world: World, site: Site) -> None:
        access, draft = world.access("haishu"), draft_of_photo()
        original = storedfiles.path_of(draft.original_sha256)
        discard(access, hand_in(access, [photo()], "照片.csv").pk)
        assert not original.exists()
        with pytest.raises(Invalid):  # a form may hold a photo that is not recorded yet
            add_photos(access=access, site_id=site.pk, photos=[draft])
        add_photos(access=access, site_id=site.pk, photos=[draft_of_photo()])
        discard(access, hand_in(access, [photo()], "照片.csv").pk)
        assert original.exists()

    def test_what_cannot_be(self, world: World, site: Site) -> None:
        access = world.access("haishu")
        other = world.add(world.planned())[0]
        report = report_site(access=access, site_id=other.pk, report=ReportDraft(CUTOFF, 100, "", ""))  # type: ignore[arg-type]
        draft = draft_of_photo()
        for photos, report_id in (
            ([], None),
            ([draft], report.pk),
            ([draft, draft], None),
            ([replace(draft, original_sha256=f"{n:064x}") for n in range(MOST + 1)], None),
            ([replace(draft, device=Fix(500.0, 0.0, 1.0))], None),
        ):
            with pytest.raises(Invalid):
                add_photos(access=access, site_id=site.pk, photos=photos, report_id=report_id)
        assert not Photo.objects.exists()

    def test_the_same_picture_elsewhere_is_found(self, world: World, site: Site) -> None:
        other = world.site(county="330212", lon=121.65, lat=29.85)
        add_photos(access=world.access("haishu"), site_id=site.pk, photos=[draft_of_photo()])
        # The same pixels with other tags: another original, the same picture.
        moved = draft_of_photo(where=(121.65, 29.85))
        add_photos(access=world.access("yinzhou"), site_id=other.pk, photos=[moved])
        for pk in (site.pk, other.pk):
            (row,) = photos_of_sites([pk])[pk]
            assert [each.finding for each in row.found] == [Finding.REUSED]

    def test_a_position_in_gcj02_is_recognised(self, world: World, site: Site) -> None:
        from maps.datum import Datum, from_wgs84

        lon, lat = from_wgs84(121.55, 29.85, Datum.GCJ02)
        drafts = [draft_of_photo(where=(float(lon), float(lat)))]
        add_photos(access=world.access("haishu"), site_id=site.pk, photos=drafts)
        (row,) = photos_of_sites([site.pk])[site.pk]
        assert [each.finding for each in row.found] == [Finding.FAR, Finding.SHIFTED]


class TestDeciding:
    @pytest.fixture
    def row(self, world: World, site: Site) -> Photo:
        return add_photos(access=world.access("haishu"), site_id=site.pk, photos=[draft_of_photo()])[0]

    def test_public_takes_a_second_person(self, world: World, row: Photo) -> None:
        for who in ("haishu", "yinzhou", "supervisor", "stranger"):
            with pytest.raises(NotAllowed):
                decide_photo(access=world.access(who), photo_id=row.pk, verdict=PhotoVerdict.PUBLIC)
        own = add_photos(
            access=world.access("admin"), site_id=row.site_id, photos=[draft_of_photo(where=None)]
        )[0]
        with pytest.raises(NotAllowed, match="提交人以外"):
            decide_photo(access=world.access("admin"), photo_id=own.pk, verdict=PhotoVerdict.PUBLIC)
        assert not PhotoDecision.objects.exists()

    def test_the_newest_decision_counts_and_withdrawal_is_for_good(self, world: World, row: Photo) -> None:
        access = world.access("publisher")

        def decide(verdict: PhotoVerdict, reason: str = "") -> bool:
            decide_photo(access=access, photo_id=row.pk, verdict=verdict, reason=reason)
            return is_public_picture(row.picture_sha256)

        assert not is_public_picture(row.picture_sha256)
        assert decide(PhotoVerdict.PUBLIC)
        with pytest.raises(Invalid, match="已经是"):
            decide(PhotoVerdict.PUBLIC)
        assert not decide(PhotoVerdict.INTERNAL)
        assert decide(PhotoVerdict.PUBLIC)
        with pytest.raises(Invalid, match="原因"):
            decide(PhotoVerdict.WITHDRAWN)
        assert not decide(PhotoVerdict.WITHDRAWN, "拍错了")
        with pytest.raises(Invalid, match="已撤回"):
            decide(PhotoVerdict.PUBLIC)

    def test_who_took_it_may_withdraw_it(self, world: World, row: Photo) -> None:
        withdrawn = PhotoVerdict.WITHDRAWN
        with pytest.raises(NotAllowed):
            decide_photo(access=world.access("yinzhou"), photo_id=row.pk, verdict=withdrawn, reason="x")
        decide_photo(access=world.access("haishu"), photo_id=row.pk, verdict=withdrawn, reason="拍错了")
        assert AuditEntry.objects.latest("seq").payload["verdict"] == "withdrawn"

    def test_never_an_original_and_never_of_a_site_that_is_not_public(self, world: World, row: Photo) -> None:
        decide_photo(access=world.access("publisher"), photo_id=row.pk, verdict=PhotoVerdict.PUBLIC)
        client = Client()
        address = f"/photos/{row.picture_sha256}.jpg"
        response = client.get(address)
        assert response.status_code == 200 and response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"].startswith("public") and not response.cookies
        assert b"Exif" not in response.content and b"MARK" not in response.content
        assert client.get(f"/photos/{row.thumbnail_sha256}.jpg").status_code == 200
        assert client.get(f"/photos/{row.original_sha256}.jpg").status_code == 404
        for nonsense in ("x", "0" * 64, "..%2f..%2fetc", row.picture_sha256[:-1]):
            assert client.get(f"/photos/{nonsense}.jpg").status_code == 404
        page = client.get(f"/sites/{row.site.public_id}/").content.decode()
        assert row.thumbnail_sha256 in page and row.original_sha256 not in page
        site = Site.objects.get(pk=row.site_id)
        remove_site(
            access=world.access("admin"), site_id=site.pk, expected_version=site.version, reason="重复"
        )
        assert client.get(address).status_code == 404

    def test_of_a_draft_nothing_is_public(self, world: World) -> None:
        draft = world.site(county="330203", lon=121.55, lat=29.85, publication=Publication.DRAFT)
        row = add_photos(access=world.access("haishu"), site_id=draft.pk, photos=[draft_of_photo()])[0]
        decide_photo(access=world.access("publisher"), photo_id=row.pk, verdict=PhotoVerdict.PUBLIC)
        assert not is_public_picture(row.picture_sha256)


class TestPages:
    def send(self, client: Client, site: Site, *files: SimpleUploadedFile, **more: Any) -> Any:
        address = f"/admin/projects/site/{site.pk}/photos/"
        return client.post(address, {"photos": list(files), "caption": "门头已完工", **more}, follow=True)

    def test_a_clerk_adds_and_a_verifier_checks(
        self, world: World, site: Site, haishu: Client, verifier: User
    ) -> None:
        page = self.send(haishu, site, upload(), upload("b.jpg", bare())).content.decode()
        assert "已保存 2 张照片" in page and "门头已完工" in page and "没有拍摄信息" in page
        row = Photo.objects.get(has_exif=True)
        base = f"/admin/projects/site/{site.pk}/photos/{row.pk}"
        assert "下载原件" not in page and "121.55" not in page
        for part in ("picture", "thumbnail"):
            response = haishu.get(f"{base}/{part}/")
            assert response["Cache-Control"].startswith("private, no-store")
            assert response["X-Content-Type-Options"] == "nosniff"
            assert b"MARK" not in response.content
        assert haishu.get(f"{base}/original/").status_code == 404
        checking = client_of(verifier)
        assert "121.55" in checking.get(f"/admin/projects/site/{site.pk}/photos/").content.decode()
        original = checking.get(f"{base}/original/")
        assert original.content == photo()
        assert original["Content-Disposition"].startswith("attachment")
        assert checking.get(f"{base}/nonsense/").status_code == 404

    def test_a_refused_file_says_which_and_keeps_nothing(self, site: Site, haishu: Client) -> None:
        heic = upload("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        page = self.send(haishu, site, upload(), heic).content.decode()
        assert "IMG_1.HEIC" in page and "兼容性最佳" in page
        assert not Photo.objects.exists()
        assert "至少选择一张" in self.send(haishu, site).content.decode()

    def test_another_districts_photos_are_not_there(self, world: World, site: Site, haishu: Client) -> None:
        self.send(haishu, site, upload())
        row = Photo.objects.get()
        stranger = client_of(world.users["yinzhou"])
        other = world.site(county="330212", lon=121.65, lat=29.85)
        for owner in (site.pk, other.pk):
            for part in ("picture", "thumbnail", "original", "decide"):
                address = f"/admin/projects/site/{owner}/photos/{row.pk}/{part}/"
                assert stranger.get(address).status_code == 404
        assert stranger.get(f"/admin/projects/site/{site.pk}/photos/").status_code == 302

    def test_a_publisher_decides_on_the_page(self, world: World, site: Site, haishu: Client) -> None:
        self.send(haishu, site, upload())
        row = Photo.objects.get()
        publisher = client_of(world.users["publisher"])
        base = f"/admin/projects/site/{site.pk}/photos/{row.pk}/decide/"
        assert "公开这张照片" in publisher.get(f"/admin/projects/site/{site.pk}/photos/").content.decode()
        assert "公开这张照片" not in haishu.get(f"/admin/projects/site/{site.pk}/photos/").content.decode()
        publisher.post(base, {"verdict": "public"})
        assert is_public_picture(row.picture_sha256)
        assert publisher.post(base, {"verdict": "nonsense"}).status_code == 404
        haishu.post(base, {"verdict": "withdrawn", "reason": "拍错了"})
        assert not is_public_picture(row.picture_sha256)

    def test_a_file_that_is_not_there_is_not_found(self, world: World, site: Site, haishu: Client) -> None:
        """A backup that was restored without its folder."""
        from projects.models import storedfiles

        self.send(haishu, site, upload())
        row = Photo.objects.get()
        storedfiles.forget(row.thumbnail_sha256)
        assert haishu.get(f"/admin/projects/site/{site.pk}/photos/{row.pk}/thumbnail/").status_code == 404


def test_actions_refuse_what_is_not_there(world: World) -> None:
    with pytest.raises(ActionError):
        decide_photo(access=world.access("admin"), photo_id=99, verdict=PhotoVerdict.PUBLIC)
