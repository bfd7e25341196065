// Runs against every start: makes the replica set and one user per service, if they are missing.
const secret = (name) => require("fs").readFileSync(`/run/secrets/${name}`, "utf8").trim();
const admin = db.getSiblingDB("admin");
admin.auth("root", secret("mongo_root_password"));
try {
  rs.status();
} catch (error) {
  rs.initiate({
    _id: "rs0",
    members: [{ _id: 0, host: "mongo:27017" }],
    settings: { electionTimeoutMillis: 3000 },
  });
}
while (!db.hello().isWritablePrimary) sleep(200);
for (const service of ["booking", "followup", "notify"]) {
  if (admin.getUser(service) === null) {
    admin.createUser({
      user: service,
      pwd: secret(`mongo_${service}_password`),
      roles: [{ role: "readWrite", db: `kadence_${service}` }],
    });
  }
}
