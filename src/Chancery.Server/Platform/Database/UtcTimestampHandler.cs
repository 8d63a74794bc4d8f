using System.Data;
using Dapper;

namespace Chancery.Server.Platform.Database;

/// <summary>timestamptz ↔ <see cref="DateTimeOffset"/>: Npgsql answers UTC <see cref="DateTime"/> and takes offset 0 only.</summary>
internal sealed class UtcTimestampHandler : SqlMapper.TypeHandler<DateTimeOffset>
{
    public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) =>
        parameter.Value = value.UtcDateTime;

    public override DateTimeOffset Parse(object value) =>
        value is DateTimeOffset offset ? offset : new DateTimeOffset((DateTime)value, TimeSpan.Zero);
}
