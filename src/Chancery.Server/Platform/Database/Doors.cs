using Dapper;
using Npgsql;

namespace Chancery.Server.Platform.Database;

/// <summary>Calls the functions of <c>Doors.sql</c>, which answer before a tenant is known. Nothing else goes here.</summary>
public sealed class Doors(NpgsqlDataSource source)
{
    /// <summary>Runs one door function, for example <c>SELECT * FROM door_user_by_email(@email)</c>.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql,
        object? arguments,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return (
            await connection.QueryAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: cancellationToken))
        ).AsList();
    }

    /// <summary>The door's only row, or <c>null</c> when it does not open.</summary>
    public async Task<T?> FindAsync<T>(string sql, object? arguments, CancellationToken cancellationToken)
        where T : class => (await QueryAsync<T>(sql, arguments, cancellationToken)).SingleOrDefault();
}
