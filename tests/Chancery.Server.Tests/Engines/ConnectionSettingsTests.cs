using Chancery.Server.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Chancery.Server.Tests.Engines;

public sealed class ConnectionSettingsTests
{
    [Fact]
    public void Without_any_address_both_engines_are_private() =>
        Assert.Equal(new ConnectionSettings(null, null), Read(("DATABASE_URL", " "), ("REDIS_URL", "")));

    [Fact]
    public void One_address_may_be_given_without_the_other()
    {
        var settings = Read(("REDIS_URL", "redis://cache"));

        Assert.Null(settings.Postgres);
        Assert.Equal(new RedisSettings("cache", 6379, null, null, 0, false), settings.Redis);
    }

    [Theory]
    [InlineData("postgres://ann:p%40ss%2Fword@db.example:6432/chancery?sslmode=verify-full&application_name=one")]
    [InlineData("postgresql://ann:p%40ss%2Fword@db.example:6432/chancery?sslmode=verify-full&application_name=one")]
    [InlineData(
        "Host=db.example;Port=6432;Username=ann;Password=p@ss/word;Database=chancery;SSL Mode=VerifyFull;Application Name=one"
    )]
    public void A_PostgreSQL_address_means_the_same_as_a_URL_and_in_the_dotnet_form(string value)
    {
        var read = new NpgsqlConnectionStringBuilder(Read(("DATABASE_URL", value)).Postgres);

        Assert.Equal(
            ("db.example", 6432, "ann", "p@ss/word", "chancery", SslMode.VerifyFull, "one"),
            (read.Host, read.Port, read.Username, read.Password, read.Database, read.SslMode, read.ApplicationName)
        );
    }

    [Theory]
    [InlineData("rediss://ann:p%40ss@cache.example:6380/3")]
    [InlineData("cache.example:6380,user=ann,password=p@ss,ssl=true,defaultDatabase=3,abortConnect=false")]
    public void A_Redis_address_means_the_same_as_a_URL_and_in_the_dotnet_form(string value) =>
        Assert.Equal(
            new RedisSettings("cache.example", 6380, "ann", "p@ss", 3, Tls: true),
            Read(("REDIS_URL", value)).Redis
        );

    [Fact]
    public void The_file_wins_over_the_value()
    {
        var path = Path.GetTempFileName();

        try
        {
            File.WriteAllText(path, "redis://from-file:1\n");
            var settings = Read(("REDIS_URL", "redis://from-value:2"), ("REDIS_URL_FILE", path));
            Assert.Equal("from-file", settings.Redis!.Host);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var refused = Assert.Throws<SettingException>(() => Read(("DATABASE_URL_FILE", "/nowhere/at-all")));

        Assert.Equal("DATABASE_URL_FILE: there is no file /nowhere/at-all", refused.Message);
    }

    [Theory]
    [InlineData("DATABASE_URL", "postgres://ann:hunter2@:x/db")]
    [InlineData("DATABASE_URL", "postgres://ann:hunter2@db.example")]
    [InlineData("DATABASE_URL", "postgres://ann:hunter2@db.example/db?hunter2option=1")]
    [InlineData("DATABASE_URL", "Host=db;Password=hunter2;Nonsense=hunter2")]
    [InlineData("DATABASE_URL", "Password=hunter2")]
    [InlineData("DATABASE_URL", "hunter2")]
    [InlineData("REDIS_URL", "http://:hunter2@cache")]
    [InlineData("REDIS_URL", "redis://:hunter2@cache:port/hunter2")]
    [InlineData("REDIS_URL", "cache:6379,password=x,hunter2=y")]
    [InlineData("REDIS_URL", "password=hunter2")]
    [InlineData("REDIS_URL", "one:1,two:2,password=hunter2")]
    public void What_cannot_be_understood_is_refused_by_name_and_without_its_password(string name, string value)
    {
        var refused = Assert.Throws<SettingException>(() => Read((name, value)));

        Assert.Equal(name, refused.Name);
        Assert.StartsWith(name + ": ", refused.Message);
        Assert.DoesNotContain("hunter2", refused.Message);
    }

    [Fact]
    public void Settings_do_not_print_their_passwords()
    {
        var settings = Read(
            ("DATABASE_URL", "postgres://ann:hunter2@db/chancery"),
            ("REDIS_URL", "redis://:hunter2@cache")
        );

        Assert.DoesNotContain("hunter2", $"{settings} {settings.Redis}");
    }

    private static ConnectionSettings Read(params (string Name, string Value)[] values) =>
        ConnectionSettings.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)))
                .Build()
        );
}
