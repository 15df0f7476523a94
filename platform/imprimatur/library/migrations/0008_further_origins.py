import uuid

import django.db.models.deletion
from django.db import migrations, models

from imprimatur.tenants.rls import row_level_security


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0007_sketches'),
        ('tenants', '0005_invitations'),
    ]

    operations = [
        migrations.CreateModel(
            name='FurtherOrigin',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('origin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='further_derived', to='library.referenceimage')),
                ('reference', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='further_origins', to='library.referenceimage')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'reference', 'origin'), name='each_origin_once'), models.CheckConstraint(condition=models.Q(('reference', models.F('origin')), _negated=True), name='no_origin_of_itself')],
            },
        ),
        *row_level_security('library_furtherorigin'),
    ]
