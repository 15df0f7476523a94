
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0005_run_out'),
        ('tenants', '0004_idempotent_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='consentrecord',
            name='evidence_seal',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='renews',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='renewals', to='rights.consentrecord'),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='sealed_contact',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='suspends_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='suspension_reason',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='consentrecord',
            name='terms_version',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='trademarklicence',
            name='evidence_seal',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='trademarklicence',
            name='renews',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='renewals', to='rights.trademarklicence'),
        ),
        migrations.AddField(
            model_name='trademarklicence',
            name='sealed_contact',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='trademarklicence',
            name='suspension_reason',
            field=models.CharField(blank=True, max_length=12),
        ),
        migrations.AddField(
            model_name='trademarklicence',
            name='terms_version',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.CreateModel(
            name='AccessLink',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('purpose', models.CharField(choices=[('sign', 'To sign'), ('portal', 'To see and decide')], max_length=8)),
                ('record', models.CharField(db_index=True, max_length=40)),
                ('terms_digest', models.CharField(max_length=64)),
                ('language', models.CharField(max_length=5)),
                ('expires_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField(blank=True, null=True)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, max_length=10)),
                ('sealed_note', models.TextField(blank=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='BlockedEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('text', models.CharField(max_length=80)),
                ('folded', models.CharField(max_length=160)),
                ('kind', models.CharField(choices=[('word', 'Word'), ('mark', 'Trademark'), ('name', 'Name')], max_length=5)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['text'],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'folded'), name='blocked_once')],
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('record', models.CharField(max_length=40)),
                ('days', models.PositiveSmallIntegerField()),
                ('until', models.DateTimeField()),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('record', 'days', 'until'), name='announced_once')],
            },
        ),
        migrations.CreateModel(
            name='TermsVersion',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('record', models.UUIDField(db_index=True)),
                ('number', models.PositiveIntegerField()),
                ('terms', models.JSONField()),
                ('terms_digest', models.CharField(db_index=True, max_length=64)),
                ('made_by', models.CharField(max_length=120)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('record', 'number'), name='one_text_per_version')],
            },
        ),
    ]
