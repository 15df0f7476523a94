

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('library', '0001_initial'),
        ('prompts', '0001_initial'),
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkerSeen',
            fields=[
                ('name', models.CharField(max_length=120, primary_key=True, serialize=False)),
                ('profiles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('slots', models.PositiveIntegerField()),
                ('device', models.CharField(max_length=60)),
                ('versions', models.JSONField(default=dict)),
                ('seen_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('batch', models.UUIDField(db_index=True)),
                ('variables', models.JSONField(default=dict)),
                ('spec', models.JSONField()),
                ('spec_digest', models.CharField(max_length=64)),
                ('use', models.JSONField(default=dict)),
                ('consent_receipt', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('preparing', 'Preparing'), ('drawing', 'Drawing'), ('stamping', 'Stamping'), ('ready', 'Ready'), ('failed', 'Failed'), ('refused', 'Refused'), ('canceled', 'Canceled')], default='queued', max_length=10)),
                ('version', models.PositiveIntegerField(default=0)),
                ('step', models.PositiveIntegerField(default=0)),
                ('steps', models.PositiveIntegerField(default=0)),
                ('error_code', models.CharField(blank=True, max_length=60)),
                ('error', models.TextField(blank=True)),
                ('attempt', models.PositiveIntegerField(default=0)),
                ('attempt_secret', models.CharField(blank=True, max_length=64)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('dispatched_at', models.DateTimeField(blank=True, null=True)),
                ('first_progress_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_with', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.apikey')),
                ('subject_reference', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='library.referenceimage')),
                ('template_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='prompts.templateversion')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Output',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('object_key', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('mime', models.CharField(max_length=20)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('pixel_digest', models.CharField(max_length=64)),
                ('manifest_state', models.CharField(max_length=10)),
                ('mask_strip_key', models.CharField(blank=True, max_length=200)),
                ('mask_strip_sha256', models.CharField(blank=True, max_length=64)),
                ('mask_area', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None)),
                ('scores', models.JSONField(default=dict)),
                ('warnings', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None)),
                ('environment', models.JSONField(default=dict)),
                ('permit_id', models.CharField(max_length=64, unique=True)),
                ('quarantined_at', models.DateTimeField(blank=True, null=True)),
                ('quarantine_reason', models.CharField(blank=True, max_length=200)),
                ('generation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='output', to='generations.generation')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['state', 'created_at'], name='generations_state_800a41_idx'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['tenant', '-created_at'], name='generations_tenant__bb8fbc_idx'),
        ),
    ]
