

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant_id', models.UUIDField()),
                ('seq', models.BigIntegerField(editable=False)),
                ('occurred_at', models.DateTimeField()),
                ('actor', models.CharField(max_length=120)),
                ('event', models.CharField(max_length=80)),
                ('subject', models.CharField(blank=True, max_length=80)),
                ('payload', models.TextField(default='{}')),
                ('prev_hash', models.CharField(editable=False, max_length=64)),
                ('hash', models.CharField(editable=False, max_length=64)),
            ],
            options={
                'ordering': ['seq'],
                'indexes': [models.Index(fields=['tenant_id', 'subject'], name='audit_audit_tenant__ef3966_idx')],
                'constraints': [models.UniqueConstraint(fields=('tenant_id', 'seq'), name='audit_one_seq_per_tenant')],
            },
        ),
    ]
