using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Npgsql;

namespace Chancery.Server.Platform.Secrets;

/// <summary>The framework's data protection (antiforgery tokens) with its keys in PostgreSQL, so that replicas share them.</summary>
public static class KeyRingExtensions
{
    public static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("chancery");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<NpgsqlDataSource, MasterKey, TimeProvider>(
                (options, source, masterKey, time) =>
                {
                    options.XmlRepository = new KeyRingStore(source, time);
                    options.XmlEncryptor = new KeyRingEncryptor(masterKey);
                }
            );
        return services;
    }
}

/// <summary>Reads and writes the key ring's elements. The framework's interface knows no asynchronous calls.</summary>
internal sealed class KeyRingStore(NpgsqlDataSource source, TimeProvider time) : IXmlRepository
{
    private const string ListSql = """
        SELECT wrapped FROM installation_keys WHERE purpose = 'data-protection' ORDER BY created_at, key_id
        """;

    private const string InsertSql = """
        INSERT INTO installation_keys (purpose, key_id, wrapped, created_at) VALUES ('data-protection', $1, $2, $3)
        ON CONFLICT (purpose, key_id) DO NOTHING
        """;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var command = source.CreateCommand(ListSql);
        using var reader = command.ExecuteReader();
        var elements = new List<XElement>();
        while (reader.Read())
        {
            elements.Add(XElement.Parse(Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(0))));
        }

        return elements;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var command = source.CreateCommand(InsertSql);
        command.Parameters.Add(new NpgsqlParameter { Value = friendlyName });
        command.Parameters.Add(
            new NpgsqlParameter { Value = Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting)) }
        );
        command.Parameters.Add(new NpgsqlParameter { Value = time.GetUtcNow() });
        command.ExecuteNonQuery();
    }
}

/// <summary>Wraps the secret part of a key ring element by the master key.</summary>
internal sealed class KeyRingEncryptor(MasterKey masterKey) : IXmlEncryptor
{
    public const string Purpose = "data-protection";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var secret = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var wrapped = Convert.ToBase64String(masterKey.Wrap(secret, Purpose));
        return new EncryptedXmlInfo(new XElement("wrapped", wrapped), typeof(KeyRingDecryptor));
    }
}

/// <summary>Made by the framework, from the type that the stored element names.</summary>
public sealed class KeyRingDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement)
    {
        var masterKey = services.GetRequiredService<MasterKey>();
        var secret = masterKey.Unwrap(Convert.FromBase64String(encryptedElement.Value), KeyRingEncryptor.Purpose);
        return XElement.Parse(Encoding.UTF8.GetString(secret));
    }
}
