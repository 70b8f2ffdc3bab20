

import crdmo.foundation.ledger.fields
import crdmo.proof.identifiers
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('computing', '0001_initial'),
        ('quality', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ControlChart',
            fields=[
                ('id', models.UUIDField(default=crdmo.proof.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.IntegerField(editable=False)),
                ('entry', models.BigIntegerField(editable=False)),
                ('is_void', models.BooleanField(default=False, editable=False)),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=160)),
                ('watches', models.CharField(choices=[('results', 'A test of the specification, across lots'), ('controls', 'A control of the method, across runs')], default='results', max_length=8)),
                ('method_code', models.CharField(max_length=30)),
                ('criterion_name', models.CharField(max_length=120)),
                ('baseline_points', crdmo.foundation.ledger.fields.CanonicalJSONField(default=list)),
                ('points', crdmo.foundation.ledger.fields.CanonicalJSONField(default=list)),
                ('in_control', models.BooleanField(null=True)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Frozen'), ('superseded', 'Superseded')], default='proposed', max_length=10)),
                ('sources', crdmo.foundation.ledger.fields.CanonicalJSONField(default=list)),
                ('baseline', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='computing.result')),
                ('latest', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='computing.result')),
                ('organization', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('program', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.program')),
                ('supersedes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='quality.controlchart')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
