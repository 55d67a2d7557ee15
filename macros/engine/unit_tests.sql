{#-
    dbt runs a unit test by way of a table of the test's name, to learn the types of the
    columns. PostgreSQL has names of 63 characters and a claim is often longer: there
    the table is named by the claim's hash. In all else this does what dbt does.
-#}
{% materialization unit, adapter='postgres' %}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set probe = api.Relation.create(
        identifier='unit_test_' ~ local_md5(this.identifier), type='table'
    ) -%}
    {%- do run_query(get_create_table_as_sql(true, probe, get_empty_subquery_sql(sql))) -%}
    {%- set types = {} -%}
    {%- set names = {} -%}
    {%- for column in adapter.get_columns_in_relation(probe) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do names.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- do adapter.drop_relation(probe) -%}
    {%- set tested = [] -%}
    {%- for name in (expected_rows[0] if expected_rows else types) -%}
        {%- do tested.append(names[name | lower]) -%}
    {%- endfor -%}
    {%- set expected = config.get('expected_sql')
        or get_expected_sql(expected_rows, types, names) -%}
    {%- call statement('main', fetch_result=true) -%}
        {{ get_unit_test_sql(sql, expected, tested) }}
    {%- endcall -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
